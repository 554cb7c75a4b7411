"""Queries that each page makes: their SQL is compiled once, because that takes several times as long as the database does."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from django.db import connection
from django.db.models import Expression, Model, QuerySet, Value
from django.db.models.sql.compiler import SQLCompiler

M = TypeVar("M", bound=Model)


class Parameter(Value):
    """Stands in a prepared query for a value that is known only when the query runs; never for None."""

    def __init__(self, name: str, field: Any) -> None:
        super().__init__(name, output_field=field)

    def as_sql(self, _compiler: SQLCompiler, _connection: Any) -> tuple[str, list[Any]]:  # type: ignore[override]
        return "%s", [self]


@dataclass(frozen=True, slots=True)
class _Compiled(Generic[M]):
    model: type[M]
    sql: str
    parameters: tuple[Any, ...]
    annotations: Mapping[str, Expression]


class Prepared(Generic[M]):
    """A query with parameters. `build` returns it, without `select_related`; it is called once for each kind of database."""

    def __init__(self, build: Callable[[], QuerySet[Any]]) -> None:
        self._build = build
        self._compiled: dict[str, _Compiled[M]] = {}

    def __call__(self, **values: Any) -> list[M]:
        """The objects, with their annotations. `values`: by parameter."""
        query = self._query()
        given = [_stored(each, values) for each in query.parameters]
        found = list(query.model._default_manager.raw(query.sql, given))
        for name, expression in query.annotations.items():
            converters = connection.ops.get_db_converters(expression) + expression.get_db_converters(connection)
            for each in found if converters else ():
                setattr(each, name, _converted(getattr(each, name), converters, expression))
        return found

    def _query(self) -> _Compiled[M]:
        vendor = connection.vendor
        if vendor not in self._compiled:
            found = self._build()
            self._compiled[vendor] = _Compiled(found.model, *found.query.sql_with_params(), found.query.annotations)
        return self._compiled[vendor]


class PreparedRows:
    """The same for a query of columns: `build` returns it with `values_list`. A row is a tuple, also of one column."""

    def __init__(self, build: Callable[[], QuerySet[Any, Any]]) -> None:
        self._build = build
        self._compiled: dict[str, tuple[SQLCompiler, str, tuple[Any, ...]]] = {}

    def __call__(self, **values: Any) -> list[tuple[Any, ...]]:
        """`values`: by parameter."""
        compiler, sql, parameters = self._query()
        with connection.cursor() as cursor:
            cursor.execute(sql, [_stored(each, values) for each in parameters])
            found = cursor.fetchall()
        converters = compiler.get_converters([expression for expression, *_ in compiler.select])
        return [tuple(row) for row in compiler.apply_converters(found, converters)] if converters else found

    def _query(self) -> tuple[SQLCompiler, str, tuple[Any, ...]]:
        vendor = connection.vendor
        if vendor not in self._compiled:
            compiler = self._build().query.get_compiler(connection=connection)
            self._compiled[vendor] = (compiler, *compiler.as_sql())
        return self._compiled[vendor]


def _stored(parameter: Any, values: Mapping[str, Any]) -> Any:
    """The value as the database takes it. What is no parameter was written into the query."""
    if not isinstance(parameter, Parameter):
        return parameter
    return parameter.output_field.get_db_prep_value(values[parameter.value], connection)


def _converted(value: Any, converters: list[Any], expression: Expression) -> Any:
    """The value of an annotation as Python has it. (`raw` does this for the columns of the model only.)"""
    for convert in converters:
        value = convert(value, expression, connection)
    return value
