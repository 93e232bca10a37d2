"""The envelopes, the WSDL and the page that we send."""

import pytest
from lxml import etree

from api.answers import document, escape
from api.methods import METHODS
from api.outcome import Failure, Success
from api.soap.envelope import Fault, answer, fault
from api.soap.page import page
from api.soap.wsdl import wsdl

BY_NAME = {method.name: method for method in METHODS}
NAMES = {
    "e": "http://schemas.xmlsoap.org/soap/envelope/",
    "e12": "http://www.w3.org/2003/05/soap-envelope",
    "u": "urn:Uncall",
    "rpc": "http://www.w3.org/2003/05/soap-rpc",
    "w": "http://schemas.xmlsoap.org/wsdl/",
    "s": "http://schemas.xmlsoap.org/wsdl/soap/",
}
XSI_TYPE = "{http://www.w3.org/2001/XMLSchema-instance}type"
DOCUMENT = '<?xml version="1.0" encoding="utf-8"?><a>中文 <![CDATA[&]]> "\r\n\t</a>'


def test_an_answer_holds_the_document_as_escaped_text() -> None:
    envelope = answer("getTrunkList", DOCUMENT)
    assert b"<![CDATA[" not in envelope
    assert b"&#13;\n" in envelope
    root = etree.fromstring(envelope)
    assert root.get(f"{{{NAMES['e']}}}encodingStyle") == "http://schemas.xmlsoap.org/soap/encoding/"
    (value,) = root.findall("e:Body/u:getTrunkListResponse/getTrunkList", NAMES)  # without a namespace
    assert value.get(XSI_TYPE) == "xsd:string"
    assert value.text == DOCUMENT


def test_an_answer_in_soap_12() -> None:
    root = etree.fromstring(answer("getTrunkList", DOCUMENT, "1.2"))
    response = root.find("e12:Body/u:getTrunkListResponse", NAMES)
    assert [child.tag for child in response] == ["getTrunkList", f"{{{NAMES['rpc']}}}result"]
    assert [child.text for child in response] == [DOCUMENT, "getTrunkList"]
    assert response.get(f"{{{NAMES['e12']}}}encodingStyle") == "http://www.w3.org/2003/05/soap-encoding"


def test_faults_in_both_versions() -> None:
    root = etree.fromstring(fault(Fault("Client", "<&\0> 中文")))
    found = root.find("e:Body/e:Fault", NAMES)
    assert [(child.tag, child.text) for child in found] == [
        ("faultcode", "SOAP-ENV:Client"),
        ("faultstring", "<&> 中文"),
    ]
    for problem, expected in (
        (Fault("Client", "why"), "Sender"),
        (Fault("Server", "why"), "Receiver"),
        (Fault("MustUnderstand", "why"), "MustUnderstand"),
    ):
        root = etree.fromstring(fault(problem, "1.2"))
        assert root.findtext("e12:Body/e12:Fault/e12:Code/e12:Value", namespaces=NAMES) == f"env:{expected}"
        assert root.findtext("e12:Body/e12:Fault/e12:Reason/e12:Text", namespaces=NAMES) == "why"


@pytest.mark.parametrize(
    ("text", "escaped"),
    [
        ('<a b="c">&', "&lt;a b=&quot;c&quot;&gt;&amp;"),
        ("\r\n\t", "&#13;\n\t"),
        ("a\0b\x0bc\x1fd\ufffee\uffff\ud800f", "abcdef"),
        ("中文😀\x85", "中文😀\x85"),
    ],
)
def test_escaping(text: str, escaped: str) -> None:
    assert escape(text) == escaped


def test_the_documents_of_the_contract() -> None:
    head = '<?xml version="1.0" encoding="utf-8"?>'
    add, trunks, hello = (BY_NAME[name] for name in ("addIvrTask", "getTrunkList", "UncallWorld"))
    assert document(add, Success([("o_task_run_494",)])) == (
        f"{head}<unallcc><result>1</result><addIvrTask><Response>success</Response>"
        "<TaskID>o_task_run_494</TaskID></addIvrTask></unallcc>"
    )
    assert document(add, Failure("create_users is empty", 1)) == (
        f"{head}<unallcc><result>1</result><addIvrTask><Response>error</Response>"
        "<Message>create_users is empty</Message></addIvrTask></unallcc>"
    )
    assert document(trunks, Success([("test", "sip/test/"), ("<b>", "&")])) == (
        f"{head}<unallcc><result>1</result>"
        "<getTrunkList><description>test</description><value>sip/test/</value></getTrunkList>"
        "<getTrunkList><description>&lt;b&gt;</description><value>&amp;</value></getTrunkList></unallcc>"
    )
    assert document(trunks, Success([])) == f"{head}<unallcc><result>1</result></unallcc>"
    assert document(hello, Success([("UncallWorld:Text",)])) == (
        f"{head}<uncall><UncallWorld><Response>UncallWorld:Text</Response></UncallWorld></uncall>"
    )


def test_the_success_word_is_a_setting_and_errors_keep_theirs() -> None:
    delete = BY_NAME["delTask"]
    assert "<Response>Success</Response>" in document(delete, Success([()]), "Success")
    assert "<Response>error</Response>" in document(delete, Failure("id is error", 1), "Success")


@pytest.mark.parametrize("use", ["encoded", "literal"])
def test_the_wsdl_describes_every_method(use: str) -> None:
    root = etree.fromstring(wsdl("http://pbx.example:8080/uncall_api/index.php?a=1&b=2", use))
    assert root.get("targetNamespace") == "urn:Uncall"
    address = root.find("w:service[@name='Uncall']/w:port/s:address", NAMES)
    assert address.get("location") == "http://pbx.example:8080/uncall_api/index.php?a=1&b=2"
    assert root.find("w:binding/s:binding", NAMES).get("style") == "rpc"
    for method in METHODS:
        parts = root.findall(f"w:message[@name='{method.name}Request']/w:part", NAMES)
        assert [part.get("name") for part in parts] == [param.name for param in method.params]
        (answered,) = root.findall(f"w:message[@name='{method.name}Response']/w:part", NAMES)
        assert {part.get("type") for part in (*parts, answered)} == {"xsd:string"}
        assert answered.get("name") == method.name
        bound = root.find(f"w:binding/w:operation[@name='{method.name}']", NAMES)
        assert bound.find("s:operation", NAMES).get("soapAction") == f"urn:Uncall#Uncall#{method.name}"
        for body in bound.findall("*/s:body", NAMES):
            assert (body.get("use"), body.get("namespace")) == (use, "urn:Uncall")
            assert (body.get("encodingStyle") is not None) == (use == "encoded")


def test_the_parameters_are_those_of_the_contract_in_its_order() -> None:
    assert {method.name: [param.name for param in method.params] for method in METHODS} == {
        "UncallWorld": ["text"],
        "OnClickCall": ["strExten", "strToTel", "strActionID"],
        "popEvent": ["strExten"],
        "getRecording": ["uid"],
        "setBuys": ["strExten"],
        "setIdle": ["strExten"],
        "keepCalling": ["strExten"],
        "restoreCalling": ["strAgent", "strExten"],
        "transferCall": ["strAgent", "strExten"],
        "feedBack": ["strAgent"],
        "callQuality": ["strExten"],
        "monitorExten": ["strAgent", "strExten"],
        "listenCall": ["target", "supervisor"],
        "whisper": ["strAgent", "strExten"],
        "hangUp": ["strAgent"],
        "getExtenStatus": ["strAgent"],
        "getAllExtenStatus": ["strAgent"],
        "OnClickBridge": ["number1", "number2", "strActionID"],
        "getReordingFilesList": ["strAgent"],
        "delReordingFiles": ["name"],
        "getTrunkList": ["strAgent"],
        "getIncomingIVR": ["strAgent"],
        "getIncomingQueues": ["strAgent"],
        "addIvrTask": [
            "create_users",
            "task_name",
            "task_out_line",
            "incoming_ivr_values",
            "call_max",
            "task_callerid",
            "start_time",
            "end_time",
            "recording_files",
        ],
        "addQueueTask": [
            "create_users",
            "task_name",
            "task_out_line",
            "incoming_queue_values",
            "call_max",
            "task_cortrol_type",
            "task_override",
            "task_callerid",
            "start_time",
            "end_time",
            "recording_files",
        ],
        "addPhoneToTask": ["TaskID", "Phones"],
        "updateTask": ["id", "task_status", "call_max", "task_override"],
        "delTask": ["id"],
        "getAllTask": ["id"],
        "signIn": ["strAgent"],
        "signOut": ["strAgent"],
    }


def test_the_page_names_every_method_and_parameter() -> None:
    text = page().decode()
    for method in METHODS:
        assert f"<code>{method.name}</code>" in text
        assert all(f"<code>{param.name}</code>" in text for param in method.params)
        assert all(escape(line) in text for line in method.says)
