"""Reading requests: the envelopes that real toolkits send, and what old ones may do besides."""

import base64
import gzip

import pytest

from api.soap.envelope import Fault
from api.soap.request import read

SOAP11 = "http://schemas.xmlsoap.org/soap/envelope/"
SOAP12 = "http://www.w3.org/2003/05/soap-envelope"
XSI = 'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'
TYPES = f'{XSI} xmlns:xsd="http://www.w3.org/2001/XMLSchema"'


def call(body: bytes, content_type: str = "text/xml; charset=utf-8", action: str = "") -> tuple[str, dict[str, str]]:
    """Method and parameters of a request, as the endpoint reads it."""
    found = read(body, content_type, action)
    return found.method.name, dict(found.given)


def envelope(inner: str, header: str = "", namespace: str = SOAP11) -> bytes:
    """A plain envelope around a body."""
    return (
        f'<?xml version="1.0" encoding="utf-8"?><e:Envelope xmlns:e="{namespace}" {TYPES}>'
        f"{header}<e:Body>{inner}</e:Body></e:Envelope>"
    ).encode()


PHP_WSDL = """<?xml version="1.0" encoding="UTF-8"?>
<SOAP-ENV:Envelope xmlns:SOAP-ENV="http://schemas.xmlsoap.org/soap/envelope/" xmlns:ns1="urn:Uncall"
 xmlns:xsd="http://www.w3.org/2001/XMLSchema" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"
 xmlns:SOAP-ENC="http://schemas.xmlsoap.org/soap/encoding/"
 SOAP-ENV:encodingStyle="http://schemas.xmlsoap.org/soap/encoding/"><SOAP-ENV:Body><ns1:addPhoneToTask>
<TaskID xsi:type="xsd:string">494</TaskID><Phones xsi:type="xsd:string">138,139</Phones>
</ns1:addPhoneToTask></SOAP-ENV:Body></SOAP-ENV:Envelope>
"""
PHP_PLAIN = PHP_WSDL.replace("TaskID", "param0").replace("Phones", "param1")
PHP_SOAP12 = """<?xml version="1.0" encoding="UTF-8"?>
<env:Envelope xmlns:env="http://www.w3.org/2003/05/soap-envelope" xmlns:ns1="urn:Uncall"
 xmlns:xsd="http://www.w3.org/2001/XMLSchema" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"
 xmlns:enc="http://www.w3.org/2003/05/soap-encoding"><env:Body>
<ns1:addPhoneToTask env:encodingStyle="http://www.w3.org/2003/05/soap-encoding">
<param0 xsi:type="xsd:int">494</param0><param1 xsi:type="xsd:string">138,139</param1>
</ns1:addPhoneToTask></env:Body></env:Envelope>
"""
AXIS = """<?xml version="1.0" encoding="UTF-8"?><soapenv:Envelope
 xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" xmlns:xsd="http://www.w3.org/2001/XMLSchema"
 xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><soapenv:Body><ns1:addPhoneToTask
 soapenv:encodingStyle="http://schemas.xmlsoap.org/soap/encoding/" xmlns:ns1="http://soapinterop.org/">
<ns1:arg0 href="#id0"/><ns1:arg1 xsi:type="soapenc:string"
 xmlns:soapenc="http://schemas.xmlsoap.org/soap/encoding/">138,139</ns1:arg1></ns1:addPhoneToTask>
<multiRef id="id0" soapenc:root="0" soapenv:encodingStyle="http://schemas.xmlsoap.org/soap/encoding/"
 xsi:type="soapenc:int" xmlns:soapenc="http://schemas.xmlsoap.org/soap/encoding/">494</multiRef>
</soapenv:Body></soapenv:Envelope>"""
DOT_NET = """<?xml version="1.0" encoding="utf-8"?><soap:Envelope
 xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/" xmlns:soapenc="http://schemas.xmlsoap.org/soap/encoding/"
 xmlns:tns="urn:Uncall" xmlns:types="urn:Uncall/encodedTypes"
 xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns:xsd="http://www.w3.org/2001/XMLSchema"><soap:Body
 soap:encodingStyle="http://schemas.xmlsoap.org/soap/encoding/"><tns:addPhoneToTask>
<TaskID xsi:type="xsd:string">494</TaskID><Phones xsi:type="xsd:string">138,139</Phones></tns:addPhoneToTask>
</soap:Body></soap:Envelope>"""
SOAP_LITE = """<?xml version="1.0" encoding="UTF-8"?><soap:Envelope
 soap:encodingStyle="http://schemas.xmlsoap.org/soap/encoding/"
 xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/" xmlns:soapenc="http://schemas.xmlsoap.org/soap/encoding/"
 xmlns:xsd="http://www.w3.org/2001/XMLSchema" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><soap:Body>
<addPhoneToTask xmlns="urn:Uncall"><c-gensym3 xsi:type="xsd:int">494</c-gensym3>
<c-gensym5 xsi:type="xsd:base64Binary">MTM4LDEzOQ==</c-gensym5></addPhoneToTask></soap:Body></soap:Envelope>"""
SOAP_LITE_1999 = SOAP_LITE.replace("/2001/XMLSchema", "/1999/XMLSchema").replace("base64Binary", "base64")
GSOAP = """<?xml version="1.0" encoding="UTF-8"?>
<SOAP-ENV:Envelope xmlns:SOAP-ENV="http://schemas.xmlsoap.org/soap/envelope/"
 xmlns:SOAP-ENC="http://schemas.xmlsoap.org/soap/encoding/" xmlns:ns1="urn:Uncall"><SOAP-ENV:Body
 SOAP-ENV:encodingStyle="http://schemas.xmlsoap.org/soap/encoding/"><ns1:addPhoneToTask><TaskID>494</TaskID>
<Phones>138,139</Phones></ns1:addPhoneToTask></SOAP-ENV:Body></SOAP-ENV:Envelope>\r\n"""
NODE_SOAP = """<?xml version="1.0" encoding="utf-8"?><soap:Envelope
 xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/" xmlns:tns="urn:Uncall"><soap:Body><tns:addPhoneToTask>
<TaskID>494</TaskID><Phones>138,139</Phones></tns:addPhoneToTask></soap:Body></soap:Envelope>"""
SUDS = """<?xml version="1.0" encoding="UTF-8"?><SOAP-ENV:Envelope
 xmlns:SOAP-ENC="http://schemas.xmlsoap.org/soap/encoding/"
 xmlns:ns0="http://schemas.xmlsoap.org/soap/encoding/" xmlns:ns1="urn:Uncall"
 xmlns:ns2="http://schemas.xmlsoap.org/soap/envelope/" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"
 xmlns:SOAP-ENV="http://schemas.xmlsoap.org/soap/envelope/"
 SOAP-ENV:encodingStyle="http://schemas.xmlsoap.org/soap/encoding/"><SOAP-ENV:Header/><ns2:Body>
<ns1:addPhoneToTask><TaskID>494</TaskID><Phones>138,139</Phones></ns1:addPhoneToTask></ns2:Body></SOAP-ENV:Envelope>"""
DOCUMENT_STYLE = """<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body>
<addPhoneToTaskRequest xmlns="urn:Uncall"><TaskID>494</TaskID><Phones>138,139</Phones></addPhoneToTaskRequest>
</s:Body></s:Envelope>"""
PHP_ARRAY = PHP_PLAIN.replace(
    '<param1 xsi:type="xsd:string">138,139</param1>',
    '<param1 SOAP-ENC:arrayType="xsd:string[2]" xsi:type="SOAP-ENC:Array"><item>138</item><item>139</item></param1>',
)


@pytest.mark.parametrize(
    "text",
    [
        PHP_WSDL,
        PHP_PLAIN,
        PHP_SOAP12,
        PHP_ARRAY,
        AXIS,
        DOT_NET,
        SOAP_LITE,
        SOAP_LITE_1999,
        GSOAP,
        NODE_SOAP,
        SUDS,
        DOCUMENT_STYLE,
        "\r\n  \n" + NODE_SOAP + "\n\0\0",
        "\ufeff" + NODE_SOAP,
        NODE_SOAP.replace("138,139", "<![CDATA[138]]>,<!-- not -->139"),
        NODE_SOAP.replace("138,139", "1&#51;8,&#x31;39"),
        NODE_SOAP.replace("addPhoneToTask", "ADDPHONETOTASK"),
        NODE_SOAP.replace("<TaskID>", '<tns:taskid z="1">').replace("</TaskID>", "</tns:taskid>"),
        NODE_SOAP.replace("</Phones>", "</Phones><extra>1</extra>"),
    ],
)
def test_every_toolkits_envelope_is_the_same_call(text: str) -> None:
    assert call(text.encode()) == ("addPhoneToTask", {"TaskID": "494", "Phones": "138,139"})


@pytest.mark.parametrize(
    ("inner", "given"),
    [
        ("<addPhoneToTask/>", {}),
        ("<addPhoneToTask><Phones/></addPhoneToTask>", {"Phones": ""}),
        ("<addPhoneToTask><a/><b>1</b><c>2</c></addPhoneToTask>", {"TaskID": "", "Phones": "1"}),
        ('<addPhoneToTask><TaskID xsi:nil="true">x</TaskID></addPhoneToTask>', {"TaskID": ""}),
        ('<addPhoneToTask><TaskID xsi:nil="1"/></addPhoneToTask>', {"TaskID": ""}),
        ('<addPhoneToTask><TaskID xsi:nil="false">5</TaskID></addPhoneToTask>', {"TaskID": "5"}),
        ('<addPhoneToTask><TaskID xsi:null="1"/></addPhoneToTask>', {"TaskID": ""}),
        ("<addPhoneToTask><TaskID>1</TaskID><TaskID>2</TaskID></addPhoneToTask>", {"TaskID": "1"}),
        ("<addPhoneToTask><a>9</a><TaskID>1</TaskID></addPhoneToTask>", {"TaskID": "1"}),
        ('<x:addPhoneToTask xmlns:x="urn:other"><x:TaskID>1</x:TaskID></x:addPhoneToTask>', {"TaskID": "1"}),
    ],
)
def test_missing_nil_and_extra_parameters_never_fail(inner: str, given: dict[str, str]) -> None:
    assert call(envelope(inner)) == ("addPhoneToTask", given)


@pytest.mark.parametrize(
    "action",
    [
        "getTrunkList",
        '"urn:Uncall#Uncall#getTrunkList"',
        "urn:Uncall/getTrunkList",
        "urn:uncall:GETTRUNKLIST",
        "'getTrunkList'",
    ],
)
def test_the_action_names_the_method_when_the_body_does_not(action: str) -> None:
    assert call(envelope("<request><strAgent>801</strAgent></request>"), action=action) == (
        "getTrunkList",
        {"strAgent": "801"},
    )
    assert call(envelope(""), action=action) == ("getTrunkList", {})


def test_the_body_wins_over_the_action() -> None:
    assert call(envelope("<getIncomingIVR/>"), action="getTrunkList")[0] == "getIncomingIVR"


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (envelope("<Nope/>"), "Client"),
        (envelope(""), "Client"),
        (envelope("<getTrunkList/>", namespace="urn:none"), "VersionMismatch"),
        (b"<getTrunkList/>", "VersionMismatch"),
        (f'<e:Envelope xmlns:e="{SOAP11}"><e:Header/></e:Envelope>'.encode(), "Client"),
        (f'<e:Body xmlns:e="{SOAP11}"/>'.encode(), "VersionMismatch"),
        (envelope("<getTrunkList/>", '<e:Header><a e:mustUnderstand="1"/></e:Header>'), "MustUnderstand"),
        (
            envelope("<getTrunkList/>", '<e:Header><a e:mustUnderstand="true"/></e:Header>', SOAP12),
            "MustUnderstand",
        ),
        (envelope('<getTrunkList><a href="#x"/></getTrunkList>'), "Client"),
        (envelope('<getTrunkList><a href="#x"/></getTrunkList><b id="x" href="#x"/>'), "Client"),
        (envelope('<getTrunkList><a xsi:type="xsd:base64Binary">?</a></getTrunkList>'), "Client"),
        (envelope('<getTrunkList><a xsi:type="xsd:base64Binary">AAA</a></getTrunkList>'), "Client"),
        (envelope('<getTrunkList><a xsi:type="xsd:base64Binary">/w==</a></getTrunkList>'), "Client"),
        (b"", "Client"),
        (b"not xml", "Client"),
        (b"{}", "Client"),
        (b"\xff\xff\xff", "Client"),
        (envelope("<getTrunkList/>")[:-5], "Client"),
        (envelope("<getTrunkList>&undefined;</getTrunkList>"), "Client"),
        (envelope("<getTrunkList>&#0;</getTrunkList>"), "Client"),
    ],
)
def test_what_is_no_call_is_a_fault(body: bytes, code: str) -> None:
    with pytest.raises(Fault) as fault:
        call(body)
    assert fault.value.code == code


def test_headers_are_ignored_unless_they_must_be_understood() -> None:
    header = '<e:Header><w:Security xmlns:w="urn:w" e:mustUnderstand="0"><w:u>x</w:u></w:Security><y/></e:Header>'
    assert call(envelope("<getTrunkList/>", header)) == ("getTrunkList", {})


CHINESE = envelope("<UncallWorld><text>春节回访</text></UncallWorld>").decode()
UNDECLARED = CHINESE.partition("?>")[2]


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (CHINESE.encode(), "text/xml"),
        (CHINESE.encode(), ""),
        (CHINESE.encode(), "application/x-www-form-urlencoded"),
        (CHINESE.encode(), "text/xml; charset=no-such-thing"),
        (CHINESE.encode(), "text/xml; charset=gbk"),  # the declaration comes first
        (CHINESE.encode("gbk"), "text/xml; charset=utf-8"),  # a program that declares UTF-8 and sends GBK
        (CHINESE.encode("gb18030"), "text/xml"),
        (CHINESE.replace('"utf-8"', '"gb2312"').encode("gb2312"), "text/xml; charset=utf-8"),
        (CHINESE.replace('"utf-8"', "'GBK'").encode("gbk"), ""),
        (UNDECLARED.encode("gbk"), "text/xml; charset=GB2312"),
        (UNDECLARED.encode(), 'application/xml; charset="UTF-8"'),
        (UNDECLARED.encode(), "text/xml"),
        (UNDECLARED.encode("gbk"), "text/xml"),
        (b"\xef\xbb\xbf" + CHINESE.encode(), "text/xml; charset=gbk"),
        (b"\xff\xfe" + CHINESE.replace("utf-8", "utf-16").encode("utf-16-le"), "text/xml"),
        (b"\xfe\xff" + UNDECLARED.encode("utf-16-be"), "text/xml"),
        (UNDECLARED.encode("utf-16-le"), "text/xml; charset=utf-16le"),
        (UNDECLARED.replace("春节回访", "&#x6625;&#33410;&#22238;&#35775;").encode(), "text/xml; charset=us-ascii"),
        (gzip.compress(CHINESE.encode()), "text/xml"),  # with no header that says so
        (CHINESE.replace("春节回访", '<t xsi:type="xsd:string">春节回访</t>').encode(), "text/xml"),
    ],
)
def test_character_sets(body: bytes, content_type: str) -> None:
    assert call(body, content_type) == ("UncallWorld", {"text": "春节回访"})


def test_names_of_codecs_that_are_no_character_sets_are_not_used() -> None:
    for name in ("idna", "punycode", "unicode_escape", "rot13", "zlib", "utf-7"):
        assert call(CHINESE.replace("utf-8", name).encode(), f"text/xml; charset={name}")[1]["text"] == "春节回访"


def test_base64_text_in_chinese() -> None:
    for codec in ("utf-8", "gbk"):
        text = base64.encodebytes("春节回访".encode(codec)).decode()
        inner = f'<UncallWorld><a xsi:type="xsd:base64Binary">\n {text}</a></UncallWorld>'
        assert call(envelope(inner)) == ("UncallWorld", {"text": "春节回访"})


def multipart(part: bytes, headers: str, end: str = "\r\n") -> bytes:
    """A multipart/related body: an attachment first, then the envelope."""
    lines = [
        b"--=b?1",
        b"Content-ID: <attachment>",
        b"",
        b"some audio",
        b"--=b?1",
        *headers.encode().splitlines(),
        b"",
        part,
        b"--=b?1--",
        b"",
    ]
    return end.encode().join(lines)


@pytest.mark.parametrize("end", ["\r\n", "\n"])
@pytest.mark.parametrize(
    ("part", "headers"),
    [
        (CHINESE.encode(), "Content-Type: text/xml; charset=utf-8\nContent-ID: <root>"),
        (
            UNDECLARED.encode("gbk"),
            "content-type: text/xml; charset=gbk\ncontent-id:<root>\nContent-Transfer-Encoding: 8bit",
        ),
        (base64.encodebytes(CHINESE.encode()), "Content-ID: <root>\nContent-Transfer-Encoding: BASE64"),
        (
            UNDECLARED.replace("=", "=3D").encode("ascii", "xmlcharrefreplace"),
            "Content-ID: <root>\nContent-Transfer-Encoding: quoted-printable",
        ),
    ],
)
def test_the_root_part_of_multipart(part: bytes, headers: str, end: str) -> None:
    content_type = 'Multipart/Related; type="text/xml"; boundary="=b?1"; start="<root>"'
    assert call(multipart(part, headers, end), content_type) == ("UncallWorld", {"text": "春节回访"})


@pytest.mark.parametrize(
    "content_type",
    [
        "multipart/related",
        "multipart/related; boundary=",
        "multipart/related; boundary=other",
        'multipart/related; boundary="=b?1"; start="<elsewhere>"',
        "multipart/related; boundary=\udcff",
    ],
)
def test_multipart_without_a_root_part_is_a_fault(content_type: str) -> None:
    with pytest.raises(Fault):
        call(multipart(CHINESE.encode(), "Content-ID: <root>"), content_type)
