"""What a person sees who opens the service's address in a browser: the methods, in both languages."""

from functools import lru_cache

from api.answers import escape
from api.methods import METHODS, Method

_STYLE = """body{font:16px/1.5 sans-serif;margin:2em auto;max-width:60em;padding:0 1em;color:#222}
table{border-collapse:collapse;width:100%}td,th{border-top:1px solid #ccc;padding:.4em;text-align:left;
vertical-align:top}code{white-space:pre-wrap}small{color:#555}"""


@lru_cache(maxsize=1)
def page() -> bytes:
    """The page as UTF-8."""
    return (
        '<!DOCTYPE html><html lang="zh"><head><meta charset="utf-8"><title>Uncall Webservices API</title>'
        f"<style>{_STYLE}</style></head><body><h1>Uncall Webservices API</h1>"
        '<p>SOAP 接口。SOAP service. WSDL: <a href="?wsdl">?wsdl</a> (rpc/encoded), '
        '<a href="?wsdl=literal">?wsdl=literal</a> (rpc/literal, JAX-WS)</p>'
        "<table><tr><th>接口 Method</th><th>功能 What it does</th><th>参数 Parameters</th></tr>"
        f"{''.join(map(_row, METHODS))}</table></body></html>"
    ).encode()


def _row(method: Method) -> str:
    chinese, english = map(escape, method.says)
    params = "<br>".join(
        f"<code>{param.name}</code> {'*' if param.required else ''} <small>{escape(param.says)}</small>"
        for param in method.params
    )
    return f"<tr><td><code>{method.name}</code></td><td>{chinese}<br>{english}</td><td>{params}</td></tr>"
