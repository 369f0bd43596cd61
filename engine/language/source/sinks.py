"""Where the values of generated code go."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from .function import Function
from .values import Value


class Sink(Protocol):
    """Takes the value of a term in each of the ways that its code may go."""

    def put(self, value: Value) -> None:
        """Write what is done with a value."""

    def nothing(self) -> None:
        """Write what is done where there is no value."""


@dataclass(frozen=True, slots=True)
class Assign:
    """A value gets a name; without the mark of a written null, if it is `plain`."""

    function: Function
    name: str
    plain: bool = False

    def put(self, value: Value) -> None:
        if self.plain and value.marked:
            value = self.function.atom(value)
        self.function.line(f"{self.name} = {value.plain if self.plain else value.stored}", cheap=value.cheap)

    def nothing(self) -> None:
        self.function.line(f"{self.name} = None", cheap=True)


@dataclass(frozen=True, slots=True)
class Return:
    """A value is what the function gives."""

    function: Function
    plain: bool = False

    def put(self, value: Value) -> None:
        if self.plain and value.marked:
            value = self.function.atom(value)
        self.function.line(f"return {value.plain if self.plain else value.stored}")

    def nothing(self) -> None:
        self.function.line("return None")


@dataclass(frozen=True, slots=True)
class Member:
    """A value becomes a member of an object; null too, if it `stays`."""

    function: Function
    made: str
    key: str
    stays: bool

    def put(self, value: Value) -> None:
        function, target = self.function, f"{self.made}[{self.key!r}]"
        if value.marked or (value.there == "maybe" and not self.stays):
            value = function.atom(value, self.key)
        if self.stays or value.there == "always":
            function.line(f"{target} = {value.plain}")
        elif value.code != "None":
            function.line(f"if {value.present}: {target} = {value.entry}")

    def nothing(self) -> None:
        if self.stays:
            self.function.line(f"{self.made}[{self.key!r}] = None")


@dataclass(frozen=True, slots=True)
class Append:
    """A value becomes an entry of a list; a list is opened, if that is wanted."""

    function: Function
    made: str
    opens: bool

    def put(self, value: Value) -> None:
        function, made = self.function, self.made
        if self.opens and value.kind == "list" and value.there != "maybe":
            function.line(f"{made}.extend({value.code})")
            return
        if value.marked or value.there != "always" or (self.opens and not value.kind):
            value = function.atom(value)
        if value.code == "None":
            return
        listed = self.opens and value.kind == "list"
        add = f"{made}.extend({value.code})" if listed else f"{made}.append({value.entry})"
        if self.opens and not value.kind:
            function.line(f"if isinstance({value.code}, list): {made}.extend({value.code})")
            add = f"else: {add}" if value.there == "always" else f"elif {value.present}: {add}"
        elif value.there != "always":
            add = f"if {value.present}: {add}"
        function.line(add)

    def nothing(self) -> None:
        pass


@dataclass(frozen=True, slots=True)
class Update:
    """The members of an object become those of another; what is no object is passed over."""

    function: Function
    made: str

    def put(self, value: Value) -> None:
        if value.kind == "object" and value.there != "maybe":
            self.function.line(f"{self.made}.update({value.code})")
        elif value.code != "None":
            value = self.function.atom(value)
            self.function.line(f"if isinstance({value.code}, dict): {self.made}.update({value.code})")

    def nothing(self) -> None:
        pass


@dataclass(frozen=True, slots=True)
class Emit:
    """Objects are emitted, also those of a list, or, of an item of one, if it `opens`."""

    function: Function
    collect: str
    opens: bool = True

    def put(self, value: Value) -> None:
        function = self.function
        if value.kind == "object" and value.there != "maybe":
            always = value.there == "always"
            function.line(f"out.append({value.code})" if always else f"if {value.code}: out.append({value.code})")
        elif value.kind in ("", "list", "object"):
            value = function.variable(value)
            function.line(f"if type({value.code}) is dict: out.append({value.code})")
            function.line(f"elif {value.code} is not None: {self.collect}({value.code}, out, {self.opens})")

    def nothing(self) -> None:
        pass
