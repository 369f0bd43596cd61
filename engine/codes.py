"""The codes of every diagnostic: stable slugs with one line that explains each."""

from collections.abc import Mapping
from types import MappingProxyType

CODES: Mapping[str, str] = MappingProxyType(
    {
        # files
        "unreadable-file": "A file cannot be read, is not UTF-8 text, or is larger than the limit.",
        "empty-file": "A file holds no data.",
        "unknown-file": "A file stands in a folder where its name has no meaning.",
        # YAML
        "yaml-syntax": "The text is not valid YAML.",
        "yaml-duplicate-key": "A key is written twice in one mapping.",
        "yaml-tag": "A YAML tag is used, or a value starts with an unquoted `!`.",
        "yaml-key": "A key is not text.",
        "yaml-unquoted-template": "A template stands outside quotes, so YAML reads it as nested mappings.",
        "yaml-merge-key": "The merge key `<<` is used.",
        "yaml-flow-expression": "An unquoted expression stands in `{ }` or `[ ]` where YAML cuts it apart.",
        "yaml-flow-word": "A `$word` stands in a mapping written with `{ }`.",
        "yaml-cut-expression": "A ` #` inside an unquoted expression starts a comment and cuts it.",
        "yaml-number": "A number is too large to be held exactly.",
        "yaml-surprise": "A plain value looks like one type and is read as another.",
        "yaml-too-big": "A file expands to more values than the limit, or nests deeper than the limit.",
        # structure
        "wrong-type": "A value has another type than its place asks for.",
        "unknown-key": "A key has no meaning in this place.",
        "missing-key": "A required member is absent.",
        "bad-value": "A value is not one of those allowed in this place.",
        "bad-duration": "A duration is not a number with a unit, such as 30s.",
        "bad-size": "A size is not a number with a unit, such as 8MiB.",
        "bad-pattern": "An address pattern is not `METHOD /path` with {name} placeholders.",
        "bad-url": "A base address is not a plain http or https address.",
        "bad-header": "A header name is not legal or belongs to the connection.",
        "bad-date": "A date is not written as 2027-01-31 or as a full timestamp.",
        "bad-hash": "A client key is not stored as a sha256 hash.",
        "literal-secret": "A secret is written into a file instead of being referred to.",
        "unresolved-secret": "A secret that was asked to be resolved is absent or empty.",
        "inconsistent-timers": "One timer is longer than the timer that contains it.",
        # merging and references
        "duplicate-id": "An id is defined twice within one layer.",
        "unknown-base": "An entry extends an entry that does not exist.",
        "base-cycle": "Entries extend each other in a circle.",
        "unknown-removal": "An entry removes something that does not exist.",
        "unknown-reference": "A name refers to something that is not defined.",
        "protocol-not-spoken": "A target uses a protocol that its provider does not speak.",
        "alias-collision": "An alias is also the name of another model or alias.",
        "pattern-without-match": "A pattern matches nothing.",
        "unreachable-endpoint": "An endpoint never matches because an earlier one takes all its requests.",
        "missing-transform": "A protocol folder lacks a file that its use needs.",
        # the mapping language
        "expression-syntax": "An expression is not valid.",
        "unknown-function": "An expression or template calls a function that does not exist.",
        "wrong-arity": "A function is called with too few or too many arguments.",
        "unknown-root": "An expression starts with a name that is not readable in this place.",
        "unknown-word": "A mapping uses a `$word` that does not exist.",
        "two-bodies": "A mapping holds two words that each make the whole value.",
        "missing-partner": "A `$word` stands without the word it belongs to.",
        "negated-path": "A `!` before a dotted path negates only the part left of the dot.",
        "template-syntax": "A template is not valid.",
        "template-unsafe": "A template uses something that templates may not do.",
        "unknown-definition": "A shape uses a definition that does not exist.",
        "unknown-table": "A shape looks up a table that does not exist.",
        "recursive-definition": "A definition uses itself.",
        "expression-required": "A place that needs an expression holds a constant.",
        "expression-or": "A `||` stands where a value is made; it also skips false and empty values.",
        "unread-argument": "A definition has an argument that it never reads.",
        "unknown-loss-path": "A loss rule names a path that is not in the canonical model.",
        "unknown-framing": "A protocol names a framing that does not exist.",
    }
)
