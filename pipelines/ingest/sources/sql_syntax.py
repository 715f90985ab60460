"""A mapping's SQL as DuckDB's own parser sees it: which columns it reads, where, and what for."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import duckdb

from pipelines.common.sql_quoting import literal, only_row

Purpose = Literal[
    "value", "text", "number", "other", "compared", "grouped", "order", "exact", "presence"
]
"""What a reference to a column is for.

``value``: it is what the expression gives, so it is of the kind of ``output``; ``text``: a function
of texts reads it; ``number``: it is computed with; ``compared`` with another column or ``grouped``
by; ``order``: rows are sorted by it; ``exact``: a CAST written in the mapping reads it;
``presence``: only whether there is a value counts; ``other``: anything else, such as a function of
dates.
"""

PREFIX, SUFFIX = "SELECT (", "\n)"
NOWHERE = 2**63
"""From here on a location says that the parser made the node up."""

ARITHMETIC = {"+", "-", "*", "/", "//", "%", "**", "^"}
OF_NUMBERS = {
    "abs", "avg", "ceil", "ceiling", "exp", "fdiv", "floor", "ln", "log", "log10", "log2", "mean",
    "median", "mod", "pow", "power", "quantile", "quantile_cont", "round", "sign", "sqrt",
    "stddev", "stddev_pop", "stddev_samp", "sum", "trunc", "var_pop", "var_samp", "variance",
    "kurtosis", "skewness", "fsum", "sumkahan", "product", "cbrt", "isfinite", "isnan", "isinf",
}  # fmt: skip
OF_DATES = {
    "age", "date_add", "date_diff", "date_part", "date_sub", "date_trunc", "datediff", "datepart",
    "datesub", "datetrunc", "day", "dayname", "dayofmonth", "dayofweek", "dayofyear", "epoch",
    "epoch_ms", "hour", "isodow", "last_day", "make_date", "minute", "month", "monthname",
    "quarter", "second", "strftime", "time_bucket", "timezone", "week", "weekday", "weekofyear",
    "year", "yearweek", "to_timestamp", "range", "generate_series",
}  # fmt: skip
HARMLESS = {
    "range", "generate_series", "unnest", "json_each", "json_tree", "repeat", "repeat_row",
    "generate_subscripts", "regexp_split_to_table", "string_split_to_table", "query_table",
}  # fmt: skip
"""Functions that give rows and read no file."""
PASSING = {
    "any_value", "arbitrary", "first", "first_value", "greatest", "ifnull", "lag", "last",
    "last_value", "lead", "least", "max", "min", "mode", "nth_value", "nullif", "max_by", "min_by",
    "arg_max", "arg_min", "if", "error",
}  # fmt: skip
"""Functions whose result is one of their arguments."""
ABOUT_TEXTS = {
    "~~", "!~~", "~~*", "!~~*", "~", "contains", "ends_with", "hash", "ilike_escape", "instr",
    "len", "length", "like_escape", "position", "prefix", "regexp_full_match", "regexp_matches",
    "starts_with", "strlen", "strpos", "strptime", "suffix", "try_strptime",
}  # fmt: skip
"""Functions that read a text and give something else."""
OF_TEXTS = {
    "||", "concat", "concat_ws", "format", "group_concat", "lcase", "left", "listagg", "lower",
    "lpad", "ltrim", "md5", "printf", "regexp_extract", "regexp_replace", "repeat", "replace",
    "reverse", "right", "rpad", "rtrim", "sha256", "split", "split_part", "str_split",
    "string_agg", "string_split", "string_to_array", "strip_accents", "substr", "substring",
    "translate", "trim", "ucase", "upper",
}  # fmt: skip


@dataclass(frozen=True)
class Reference:
    """A column's name in a statement: where it stands (in bytes) and what it is for.

    ``output`` is the column that the value goes to; ``bare`` says that it goes there as it is, and
    ``unnamed`` that nothing but this name names that column. ``spelled``: a function of texts reads
    it on the way.
    """

    name: str
    path: tuple[str, ...]
    start: int
    end: int
    purpose: Purpose
    output: str = ""
    bare: bool = False
    unnamed: bool = False
    spelled: bool = False


@dataclass(frozen=True)
class FileRead:
    """A file that a query reads by a function or by its name in the place of a table.

    ``literals``: each name with where it stands; from ``start`` to ``end`` stands all of it, its
    alias left out. ``is_plain``: nothing but names is said. All places are in bytes.
    """

    literals: tuple[tuple[str, int, int], ...]
    start: int
    end: int
    alias: str
    is_plain: bool

    @property
    def names(self) -> tuple[str, ...]:
        """The names or patterns of the files."""
        return tuple(name for name, _, _ in self.literals)


@dataclass
class Statement:
    """What a piece of SQL reads. ``pairs`` are columns of two relations that are held equal."""

    references: list[Reference] = field(default_factory=list)
    pairs: list[tuple[str, str]] = field(default_factory=list)
    computed: set[str] = field(default_factory=set)
    """Names of columns of a query that are more than a column of another name."""
    files: list[FileRead] = field(default_factory=list)
    reads_more: bool = False
    """Whether a function is called that may read what no name shows."""


@dataclass(frozen=True)
class _Position:
    purpose: Purpose = "other"
    output: str = ""
    bare: bool = False
    unnamed: bool = False
    spelled: bool = False

    def inside(self) -> _Position:
        """Return the position of a part whose value may be that of the whole."""
        return replace(self, bare=False, unnamed=False)


def query(connection: duckdb.DuckDBPyConnection, sql: str) -> Statement | None:
    """Return what a query reads; None where the parser does not say, as of a PIVOT."""
    text = sql.strip()
    offset = len(sql[: len(sql) - len(sql.lstrip())].encode())
    while text.startswith("(") and text.endswith(")") and _parsed(connection, text[1:-1]):
        text, offset = text[1:-1], offset + 1
    tree = _parsed(connection, text)
    return _read(tree, offset, sql) if tree else None


def expression(
    connection: duckdb.DuckDBPyConnection, sql: str, output: str = ""
) -> Statement | None:
    """Return what an expression reads whose value goes to the column ``output``."""
    tree = _parsed(connection, f"{PREFIX}{sql}{SUFFIX}")
    if not tree:
        return None
    tree["select_list"][0]["alias"] = output
    return _read(tree, -len(PREFIX), sql)


def spliced(sql: str, replacements: Sequence[tuple[int, int, str]]) -> str:
    """Return ``sql`` with the bytes from start to end replaced, for each of ``replacements``."""
    content = sql.encode()
    for start, end, text in sorted(set(replacements), reverse=True):
        content = content[:start] + text.encode() + content[end:]
    return content.decode()


def _parsed(connection: duckdb.DuckDBPyConnection, sql: str) -> dict[str, Any] | None:
    try:
        row = only_row(connection, f"SELECT json_serialize_sql({literal(sql)})")
    except duckdb.Error:
        return None
    statements = json.loads(row[0]).get("statements") if row else None
    return statements[0]["node"] if statements and len(statements) == 1 else None


def _read(tree: dict[str, Any], offset: int, sql: str) -> Statement:
    reader = _Reader(offset, sql.encode())
    reader.query(tree)
    return reader.statement


class _Reader:
    """Walks a parsed statement and notes what each reference to a column is for."""

    def __init__(self, offset: int, content: bytes) -> None:
        self.statement = Statement()
        self.offset = offset
        self.content = content

    def query(
        self, node: Mapping[str, Any], names: Sequence[str] = (), into: _Position | None = None
    ) -> None:
        """Read a query whose columns are called ``names``, as far as something renames them.

        ``into``: what a query within an expression gives its one value to.
        """
        for entry in (node.get("cte_map") or {}).get("map") or ():
            self.query(entry["value"]["query_node"], entry["value"].get("aliases") or ())
        for modifier in node.get("modifiers") or ():
            self._modifier(modifier)
        if node["type"] == "SELECT_NODE":
            self._select(node, names, into)
            return
        below = _members(node)
        # Columns of later members take the names of the first, unless they go by name.
        if not names and below and "BY_NAME" not in str(node.get("setop_type")):
            names = _output_names(below[0])
        for member in below:
            self.query(member, names, into)

    def _select(
        self, node: Mapping[str, Any], names: Sequence[str], into: _Position | None
    ) -> None:
        items = node["select_list"]
        has_star = any(item["class"] == "STAR" for item in items)
        for place, item in enumerate(items):
            alias = item.get("alias") or ""
            renamed = names[place] if place < len(names) and not has_star else ""
            is_bare = item["class"] == "COLUMN_REF"
            output = renamed or alias or _column_name(item)
            if output and not is_bare:
                self.statement.computed.add(output.lower())
            position = into or _Position("value", output.lower(), is_bare, is_bare and not alias)
            self.expression(item, position)
        self._from(node.get("from_table"))
        for key in ("where_clause", "having", "qualify"):
            if node.get(key):
                self.expression(node[key], _Position())
        for group in node.get("group_expressions") or ():
            self.expression(group, _Position("grouped"))

    def _modifier(self, modifier: Mapping[str, Any]) -> None:
        for target in modifier.get("distinct_on_targets") or ():
            self.expression(target, _Position("grouped"))
        for order in modifier.get("orders") or ():
            self.expression(order["expression"], _Position("order"))

    def _from(self, node: Mapping[str, Any] | None) -> None:
        if not node:
            return
        read = {
            "SUBQUERY": self._derived,
            "TABLE_FUNCTION": self._files,
            "BASE_TABLE": self._table,
            "JOIN": self._join,
        }.get(node["type"])
        if read:
            read(node)
        elif isinstance(node.get("source"), dict):
            self._from(node["source"])

    def _derived(self, node: Mapping[str, Any]) -> None:
        self.query(node["subquery"]["node"], node.get("column_name_alias") or ())

    def _table(self, node: Mapping[str, Any]) -> None:
        start, end = self._span(node)
        name = node["table_name"]
        if self.content[start : start + 1] in (b"'", b'"') and "." in name:
            alias = "" if node.get("alias") else name.rpartition("/")[2].partition(".")[0]
            end = start + len(self._quoted_at(start))
            self.statement.files.append(FileRead(((name, start, end),), start, end, alias, True))

    def _join(self, node: Mapping[str, Any]) -> None:
        for name in node.get("using_columns") or ():
            self.statement.pairs.append((name.lower(), name.lower()))
        self._from(node["left"])
        self._from(node["right"])
        if node.get("condition"):
            self.expression(node["condition"], _Position())

    def _quoted_at(self, start: int) -> bytes:
        """Return the text in quotes that begins at ``start``."""
        quote = self.content[start : start + 1]
        match = re.match(quote + rb"([^" + quote + rb"]|" + quote * 2 + rb")*" + quote,
                         self.content[start:])  # fmt: skip
        return match[0] if match else b""

    def _files(self, node: Mapping[str, Any]) -> None:
        function = node["function"]
        name, arguments = str(function["function_name"]).lower(), _arguments(function)
        for argument in arguments:
            self.expression(argument, _Position())
        if name in HARMLESS:
            return
        literals = tuple(
            (constant["literal"]["text"], *self._span(constant))
            for constant in _texts(arguments[:1])
        )
        if (not name.startswith("read_") and name != "parquet_scan") or not literals:
            self.statement.reads_more = True
            return
        start, last = self._span(node)[0], literals[-1][2]
        closed = re.match(rb"\s*\]?\s*\)", self.content[last:])
        alias = "" if node.get("alias") else name
        is_plain = len(arguments) == 1 and closed is not None
        end = last + (closed.end() if closed else 0)
        self.statement.files.append(FileRead(literals, start, end, alias, is_plain))

    def expression(self, node: Mapping[str, Any], position: _Position) -> None:
        """Note the references in an expression that stands in ``position``."""
        read = {
            "COLUMN_REF": self._column,
            "FUNCTION": self._function,
            "WINDOW": self._function,
            "CASE": self._case,
            "CAST": self._cast,
            "COMPARISON": self._comparison,
            "BETWEEN": self._comparison,
            "OPERATOR": self._operator,
            "SUBQUERY": self._subquery,
            "STAR": self._star,
        }.get(str(node.get("class")), self._other)
        read(node, position)

    def _column(self, node: Mapping[str, Any], position: _Position) -> None:
        start, end = self._span(node)
        if start < NOWHERE:
            path = tuple(name.lower() for name in node["column_names"])
            self.statement.references.append(
                Reference(
                    path[-1], path, start, end,
                    position.purpose, position.output, position.bare, position.unnamed,
                    position.spelled,
                )
            )  # fmt: skip

    def _function(self, node: Mapping[str, Any], position: _Position) -> None:
        name = str(node["function_name"]).lower()
        arguments = _arguments(node)
        is_spelled = position.spelled or name in OF_TEXTS
        inside = _Position(_purpose(name, position), position.output, spelled=is_spelled)
        if name in ("-", "+") and any(_is_interval(argument) for argument in arguments):
            inside = _Position()
        if name == "count":
            inside = _Position("grouped" if node.get("distinct") else "presence")
        for place, argument in enumerate(arguments):
            by = name in ("max_by", "min_by", "arg_max", "arg_min") and place
            self.expression(argument, _Position("order") if by else inside)
        for partition in node.get("partitions") or ():
            self.expression(partition, _Position("grouped"))
        orders = (node.get("orders") or []) + ((node.get("order_bys") or {}).get("orders") or [])
        for order in orders:
            self.expression(order["expression"], _Position("order"))
        for key in ("filter", "filter_expr"):
            if node.get(key):
                self.expression(node[key], _Position())

    def _case(self, node: Mapping[str, Any], position: _Position) -> None:
        position = position.inside()
        for check in node["case_checks"]:
            self.expression(check["when_expr"], _Position())
            self.expression(check["then_expr"], position)
        if node.get("else_expr"):
            self.expression(node["else_expr"], position)

    def _cast(self, node: Mapping[str, Any], position: _Position) -> None:
        kind = str((node.get("type_expr") or {}).get("type_name") or "").upper()
        passes = kind in ("VARCHAR", "TEXT", "STRING") and position.purpose in ("value", "grouped")
        to_text = position.inside() if passes else _Position("text")
        is_text = kind in ("VARCHAR", "TEXT", "STRING")
        self.expression(node["child"], to_text if is_text else _Position("exact", kind))

    def _comparison(self, node: Mapping[str, Any], _: _Position) -> None:
        sides = [node[key] for key in ("left", "right", "input", "lower", "upper") if node.get(key)]
        self._sides(sides, equal="EQUAL" in node["type"] or "DISTINCT" in node["type"])

    def _operator(self, node: Mapping[str, Any], position: _Position) -> None:
        children = node.get("children") or []
        if node["type"] == "OPERATOR_COALESCE":
            for child in children:
                self.expression(child, position.inside())
        elif "COMPARE" in node["type"]:
            self._sides(children, equal=True)
        else:
            tells_null = "NULL" in node["type"]
            for child in children:
                self.expression(child, _Position("presence") if tells_null else _Position())

    def _sides(self, sides: Sequence[Mapping[str, Any]], *, equal: bool) -> None:
        """Read what is compared: two columns, or a column with a number or a text."""
        names = [_name(side) for side in sides if side["class"] == "COLUMN_REF"]
        if len(sides) == 2 and len(names) == 2 and equal:
            self.statement.pairs.append((names[0], names[1]))
            position = _Position("compared")
        elif any(_constant(side) in ("INTEGER", "NUMBER", "DECIMAL", "FLOAT") for side in sides):
            position = _Position("number")
        elif any(_constant(side) == "STRING" for side in sides):
            position = _Position("grouped")
        else:
            position = _Position()
        for side in sides:
            self.expression(side, position)

    def _subquery(self, node: Mapping[str, Any], position: _Position) -> None:
        inner = node["subquery"]["node"]
        child = node.get("child")
        if child:
            columns = _output_names(inner)
            if child["class"] == "COLUMN_REF" and columns:
                self.statement.pairs.append((_name(child), columns[0].lower()))
            self.expression(child, _Position("compared"))
            self.query(inner, (), _Position("compared"))
        else:
            scalar = position if position.purpose in ("value", "number") else _Position()
            self.query(inner, (), _Position(scalar.purpose, scalar.output))

    def _star(self, node: Mapping[str, Any], _: _Position) -> None:
        for entry in node.get("replace_list") or ():
            value = entry["value"]
            is_bare = value["class"] == "COLUMN_REF"
            self.statement.computed.update(() if is_bare else (entry["key"].lower(),))
            self.expression(value, _Position("value", entry["key"].lower(), is_bare))
        if isinstance(node.get("expr"), dict):
            self._other(node, _Position())

    def _other(self, node: Mapping[str, Any], _: _Position) -> None:
        for child in _children(node):
            self.expression(child, _Position())

    def _span(self, node: Mapping[str, Any]) -> tuple[int, int]:
        start = int(node.get("query_location") or 0)
        if start >= NOWHERE:
            return start, start
        length = int(node.get("query_location_length") or 0)
        return start + self.offset, start + self.offset + length


def _purpose(function: str, position: _Position) -> Purpose:
    """Return what the arguments of a function in ``position`` are for."""
    if function in ARITHMETIC or function in OF_NUMBERS:
        return "number"
    if function in OF_DATES:
        return "other"
    if function in ABOUT_TEXTS:
        return "text"
    if function in PASSING:
        return position.purpose
    # What a function of texts, or one that nobody knows here, makes of a column is of its text
    # where the result is a text.
    return "value" if position.purpose == "value" else "text" if function in OF_TEXTS else "other"


def _children(node: Any) -> Iterator[Mapping[str, Any]]:
    """Yield the expressions right below a node, whatever it is."""
    values = node.values() if isinstance(node, dict) else node if isinstance(node, list) else ()
    for value in values:
        if isinstance(value, dict) and "class" in value:
            yield value
        else:
            yield from _children(value)


def _arguments(function: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return [argument["expression"] for argument in function.get("arguments") or ()]


def _texts(nodes: Sequence[Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
    """Yield the texts among ``nodes``, those in a list included."""
    for node in nodes:
        if _constant(node) == "STRING":
            yield node
        else:
            yield from _texts(list(_children(node)))


def _name(node: Mapping[str, Any]) -> str:
    return str(node["column_names"][-1]).lower()


def _constant(node: Mapping[str, Any]) -> str:
    """Return the kind of a constant; empty for anything else."""
    arguments = _arguments(node)
    if node.get("function_name") == "-" and len(arguments) == 1:
        node = arguments[0]
    return str((node.get("literal") or {}).get("kind") or "")


def _is_interval(node: Mapping[str, Any]) -> bool:
    return str(node.get("function_name") or "").startswith(("to_", "interval")) or (
        _constant(node) == "INTERVAL"
    )


def _output_names(node: Mapping[str, Any]) -> list[str]:
    """Return the names of a query's columns; none where a star hides them."""
    while node["type"] != "SELECT_NODE":
        below = _members(node)
        if not below:
            return []
        node = below[0]
    items = node["select_list"]
    if any(item["class"] == "STAR" for item in items):
        return []
    return [item.get("alias") or _column_name(item) for item in items]


def _members(node: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Return the queries that a set operation or a recursive query is made of."""
    below = [node.get(key) for key in ("left", "right", "query", "child")]
    below += node.get("children") or []
    return [member for member in below if isinstance(member, dict) and "type" in member]


def _column_name(node: Mapping[str, Any]) -> str:
    return _name(node) if node["class"] == "COLUMN_REF" else ""
