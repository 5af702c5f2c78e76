"""Makes the first group of settings in package.json from the server's options; `--check` only says whether they differ.

Whatever else stands in package.json stays.
"""

import ast
import dataclasses
import inspect
import json
import sys
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

from duologue_server import __version__, options
from duologue_server.options import SECTION, Options, camel, to_wire

MANIFEST = Path(__file__).parents[1] / "package.json"
# A folder that somebody else wrote must not choose what is loaded, whom the server talks to, or what is listened with.
MACHINE_ONLY = frozenset(
    {"autostart", "input_device", "output_device", "recogniser", "endpoint_url", "endpoint_model", "endpoint_key_env"}
)


def documentation() -> dict[str, str]:
    """The string under each field of `Options`."""
    (tree,) = [
        node
        for node in ast.parse(inspect.getsource(options)).body
        if isinstance(node, ast.ClassDef) and node.name == Options.__name__
    ]
    texts: dict[str, str] = {}
    for field, text in zip(tree.body, tree.body[1:], strict=False):
        if isinstance(field, ast.AnnAssign) and isinstance(text, ast.Expr):
            assert isinstance(field.target, ast.Name)
            texts[field.target.id] = str(ast.literal_eval(text.value))
    return texts


def schema(name: str, kind: Any) -> dict[str, Any]:
    """The JSON schema of a field's values."""
    if get_origin(kind) is Literal:
        return {"type": "string", "enum": list(get_args(kind))}
    if get_origin(kind) is tuple:
        return {
            "type": "array",
            "items": {"type": "string", "enum": list(options._KNOWN_DETECTORS)},
            "uniqueItems": True,
        }
    found: dict[str, Any] = {"type": {bool: "boolean", int: "integer", float: "number", str: "string"}[kind]}
    if name in options._RANGES:
        found["minimum"], found["maximum"] = options._RANGES[name]
    return found


def properties() -> dict[str, Any]:
    """All settings of the server as VS Code's contribution point wants them."""
    texts, defaults = documentation(), to_wire(Options())
    made: dict[str, Any] = {}
    for order, field in enumerate(dataclasses.fields(Options)):
        made[f"{SECTION}.{camel(field.name)}"] = {
            **schema(field.name, field.type),
            "default": defaults[camel(field.name)],
            "markdownDescription": texts[field.name],
            "scope": "machine" if field.name in MACHINE_ONLY else "window",
            "order": order,
        }
    return made


def updated(manifest: dict[str, Any]) -> dict[str, Any]:
    """The manifest with our settings and the version of the server that it installs."""
    server, *others = manifest["contributes"]["configuration"]
    contributes = manifest["contributes"] | {"configuration": [{**server, "properties": properties()}, *others]}
    # A folder that is not trusted chooses nothing of this.
    names = [name for group in contributes["configuration"] for name in group["properties"]]
    untrusted = manifest["capabilities"]["untrustedWorkspaces"] | {"restrictedConfigurations": names}
    capabilities = manifest["capabilities"] | {"untrustedWorkspaces": untrusted}
    versions = {"version": __version__, "serverVersion": __version__}
    return manifest | versions | {"capabilities": capabilities, "contributes": contributes}


def main() -> None:
    before = MANIFEST.read_text("utf-8")
    after = json.dumps(updated(json.loads(before)), indent=2, ensure_ascii=False) + "\n"
    if before == after:
        return
    if "--check" in sys.argv[1:]:
        sys.exit("package.json differs from the server's options; run editors/vscode/scripts/contributions.py")
    MANIFEST.write_text(after, "utf-8")


if __name__ == "__main__":
    main()
