"""Signatures as a reader wants them: short types, defaults as values, an argument in each line if they are long."""

from collections.abc import Iterator, Sequence

import griffe

_WIDTH = 100
_IMPLICIT = {"self", "cls"}
_MARKS = {
    griffe.ParameterKind.var_positional: "*",
    griffe.ParameterKind.var_keyword: "**",
}


class Signatures:
    """Renders signatures, and remembers the type aliases of this package that they use.

    Args:
        package: The package as griffe has read it.
    """

    def __init__(self, package: griffe.Object) -> None:
        self._package = package
        self.aliases: dict[str, griffe.Attribute] = {}
        """The aliases that were rendered, by name."""
        self.classes: dict[str, griffe.Class] = {}
        """The classes that were rendered, by name."""

    def lines(
        self,
        name: str,
        parameters: Sequence[griffe.Parameter],
        *,
        returns: str | griffe.Expr | None = None,
        decorator: str | None = None,
    ) -> Iterator[str]:
        """A block of code, followed by an empty line."""
        end = "" if returns is None else f" -> {self.type_text(returns)}"
        arguments = list(self._arguments(parameters))
        line = f"{name}({', '.join(arguments)}){end}"
        yield "```py"  # a signature, not code that runs
        if decorator is not None:
            yield f"@{decorator}"
        if len(line) <= _WIDTH:
            yield line
        else:
            yield f"{name}("
            yield from (f"    {argument}," for argument in arguments)
            yield f"){end}"
        yield from ("```", "")

    def type_text(self, annotation: str | griffe.Expr) -> str:
        """A type without what `Annotated` adds to it."""
        while isinstance(annotation, griffe.ExprSubscript) and str(annotation.left) == "Annotated":
            inner = annotation.slice
            assert isinstance(inner, griffe.ExprTuple)
            annotation = inner.elements[0]
        if isinstance(annotation, griffe.Expr):
            for part in annotation.iterate(flat=True):
                if isinstance(part, griffe.ExprName):
                    self._remember(part)
        return _in_double_quotes(str(annotation))

    def _remember(self, name: griffe.ExprName) -> None:
        found = self._find(name)
        if isinstance(found, griffe.Class):
            self.classes[name.name] = found
        is_known = name.name in self.aliases or name.name.startswith("_")
        if isinstance(found, griffe.Attribute) and found.value is not None and not is_known:
            self.aliases[name.name] = found
            self.type_text(found.value)  # an alias may use others

    def _find(self, name: griffe.ExprName) -> griffe.Object | None:
        """What a name at the top of a module of this package stands for."""
        module, _, last = name.canonical_path.partition(".")
        if module != self._package.name or not last:
            return None
        try:
            found = self._package[last]
            return found.final_target if isinstance(found, griffe.Alias) else found
        except (KeyError, griffe.AliasResolutionError):  # of another package
            return None

    def _arguments(self, parameters: Sequence[griffe.Parameter]) -> Iterator[str]:
        has_star = False
        for parameter in parameters:
            if parameter.name in _IMPLICIT:
                continue
            if parameter.kind is griffe.ParameterKind.var_positional:
                has_star = True
            if parameter.kind is griffe.ParameterKind.keyword_only and not has_star:
                has_star = True
                yield "*"
            mark = _MARKS.get(str(parameter.kind), "")
            text = f"{mark}{parameter.name.lstrip('*')}"
            if parameter.annotation is not None:
                text += f": {self.type_text(parameter.annotation)}"
            if parameter.default is not None and not mark:
                text += f" = {self._default(parameter.default)}"
            yield text

    def _default(self, default: str | griffe.Expr) -> str:
        found = self._find(default) if isinstance(default, griffe.ExprName) else None
        if isinstance(found, griffe.Attribute):
            return _in_double_quotes(str(found.value))
        text = str(default)
        if text.startswith("(lambda: ") and text.endswith(")()"):
            text = text[len("(lambda: ") : -len(")()")]
        return {"dict()": "{}", "list()": "[]"}.get(text, _in_double_quotes(text))


def _in_double_quotes(text: str) -> str:
    return text if '"' in text else text.replace("'", '"')
