"""The WSDL: rendered from the declarations, rpc/encoded by default, rpc/literal for JAX-WS."""

from functools import lru_cache

from api.answers import escape
from api.methods import METHODS, Method
from api.soap.envelope import ENCODING11, SERVICE, XSD

_HTTP = "http://schemas.xmlsoap.org/soap/http"


@lru_cache(maxsize=64)
def wsdl(address: str, use: str = "encoded") -> bytes:
    """The document for a service at the URL `address`; `use` is "encoded" or "literal".

    Part order is parameter order: PHP sends its arguments by it. The return part is named like the
    method, as the PHP generator of that time did.
    """
    encoding = f' encodingStyle="{ENCODING11}"' if use == "encoded" else ""
    body = f'<soap:body use="{use}" namespace="{SERVICE}"{encoding}/>'
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f'<definitions name="Uncall" targetNamespace="{SERVICE}" xmlns="http://schemas.xmlsoap.org/wsdl/"'
        f' xmlns:soap="http://schemas.xmlsoap.org/wsdl/soap/" xmlns:tns="{SERVICE}" xmlns:xsd="{XSD}">\n'
        + "".join(map(_messages, METHODS))
        + f'<portType name="UncallPortType">\n{"".join(map(_operation, METHODS))}</portType>\n'
        '<binding name="UncallBinding" type="tns:UncallPortType">\n'
        f'<soap:binding style="rpc" transport="{_HTTP}"/>\n'
        + "".join(_binding(method, body) for method in METHODS)
        + '</binding>\n<service name="Uncall">\n<port name="UncallPort" binding="tns:UncallBinding">\n'
        f'<soap:address location="{escape(address)}"/>\n</port>\n</service>\n</definitions>\n'
    ).encode()


def _messages(method: Method) -> str:
    name = method.name
    parts = "".join(f'<part name="{param.name}" type="xsd:string"/>' for param in method.params)
    return (
        f'<message name="{name}Request">{parts}</message>\n'
        f'<message name="{name}Response"><part name="{name}" type="xsd:string"/></message>\n'
    )


def _operation(method: Method) -> str:
    name = method.name
    return (
        f'<operation name="{name}"><documentation>{escape(" ".join(method.says))}</documentation>'
        f'<input message="tns:{name}Request"/><output message="tns:{name}Response"/></operation>\n'
    )


def _binding(method: Method, body: str) -> str:
    return (
        f'<operation name="{method.name}">'
        f'<soap:operation style="rpc" soapAction="{SERVICE}#Uncall#{method.name}"/>'
        f"<input>{body}</input><output>{body}</output></operation>\n"
    )
