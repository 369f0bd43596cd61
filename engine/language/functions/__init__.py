"""The closed library of functions that mappings may call.

Every function takes any JSON values and never fails: what it cannot work with gives null. Each carries examples, which
are its tests and its documentation. A new one needs a decision record and a second protocol that could use it.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from ..operators import Callee
from . import ids, json, media, numbers, opaque, schemas, text, values
from .registry import Function

LIBRARY: Mapping[str, Function] = MappingProxyType(
    {
        function.name: function
        for module in (values, text, numbers, json, schemas, ids, opaque, media)
        for function in module.REGISTRY.functions
    }
)
CALLEES: Mapping[str, Callee] = MappingProxyType(
    {name: Callee(function.run, function.least, function.most) for name, function in LIBRARY.items()}
)
