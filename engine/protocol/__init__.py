"""One folder of transforms, compiled: a protocol that the pipeline can speak."""

from .call import Call, Encoded
from .dialect import compile_dialect
from .errors import RequestRejected, UpstreamErrorBody
from .folder import compile_protocol
from .streams import StreamDecoder, StreamEncoder
from .wire_protocol import WireProtocol

__all__ = [
    "Call",
    "Encoded",
    "RequestRejected",
    "StreamDecoder",
    "StreamEncoder",
    "UpstreamErrorBody",
    "WireProtocol",
    "compile_dialect",
    "compile_protocol",
]
