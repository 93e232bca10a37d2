"""SOAP requests as PHP 8.2's SoapClient sends them, made from our WSDL: the bytes that old programs send."""

HOST = "127.0.0.1"
END = b"</SOAP-ENV:Envelope>\n"  # of each answer

_BODY = (
    '<?xml version="1.0" encoding="UTF-8"?>\n'
    '<SOAP-ENV:Envelope xmlns:SOAP-ENV="http://schemas.xmlsoap.org/soap/envelope/" xmlns:ns1="urn:Uncall" '
    'xmlns:xsd="http://www.w3.org/2001/XMLSchema" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" '
    'xmlns:SOAP-ENC="http://schemas.xmlsoap.org/soap/encoding/" '
    'SOAP-ENV:encodingStyle="http://schemas.xmlsoap.org/soap/encoding/"><SOAP-ENV:Body><ns1:{method}>'
    "{parameters}</ns1:{method}></SOAP-ENV:Body></SOAP-ENV:Envelope>\n"
)
_HEAD = (
    "POST /uncall_api/index.php HTTP/1.1\r\nHost: {}:{}\r\nConnection: Keep-Alive\r\nUser-Agent: PHP-SOAP/8.2.36\r\n"
    'Content-Type: text/xml; charset=utf-8\r\nSOAPAction: "urn:Uncall#Uncall#{}"\r\nContent-Length: {}\r\n\r\n'
)


def request(port: int, method: str, **parameters: object) -> bytes:
    """The bytes of a whole request; values must need no escaping."""
    given = "".join(f'<{name} xsi:type="xsd:string">{value}</{name}>' for name, value in parameters.items())
    body = _BODY.format(method=method, parameters=given)
    return (_HEAD.format(HOST, port, method, len(body)) + body).encode()


def is_answer(data: bytes, method: str) -> bool:
    """Whether this is the method's answer, and no fault."""
    return data.startswith(b"HTTP/1.1 200") and f"{method}Response".encode() in data
