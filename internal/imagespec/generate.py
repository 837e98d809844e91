#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes data/kaito-base-TAG.json: what one release of KAITO's base image takes.

The image holds vLLM, started by KAITO's wrapper, and KAITO's tuning program. This program reads their argument
definitions as text, with the module ast of Python; it runs nothing of them, and needs no packages. "make imagedata"
runs it. Each source is a Git repository and a revision, "PATH@REVISION", which the versions in KAITO's
requirements.txt decide:

    generate.py --kaito ~/kaito@v0.12.0 --vllm ~/vllm@v0.25.1 --transformers ~/transformers@v5.14.1 \\
        --peft ~/peft@v0.11.1 --trl ~/trl@v1.9.0 --out internal/imagespec/data

The rules by which a type becomes an argument are those of _compute_kwargs in vllm/engine/arg_utils.py and of
_parse_dataclass_field in transformers/hf_argparser.py. What they do not cover ends the program, so that a new form in a
later release is seen.
"""

import argparse
import ast
import json
import pathlib
import re
import subprocess
import sys

# The releases of vLLM that settings on the web may come from. A flag that the newest of them took and the image does
# not take is retired.
EARLIEST = (0, 4)


class Source:
    """Files of a Git repository at a revision."""

    def __init__(self, spec, root=""):
        self.repo, _, self.rev = spec.rpartition("@")
        if not self.repo:
            sys.exit(f"{spec}: must be PATH@REVISION")
        self.root = root
        self.commit = self.git("rev-parse", self.rev + "^{commit}").strip()
        self.trees = {}

    def git(self, *args):
        return subprocess.run(
            ["git", "-C", self.repo, *args], check=True, capture_output=True, text=True
        ).stdout

    def names(self, folder):
        return self.git("ls-tree", "--name-only", f"{self.commit}:{folder}").split("\n")

    def text(self, path):
        return self.git("show", f"{self.commit}:{path}")

    def has(self, path):
        result = subprocess.run(
            ["git", "-C", self.repo, "cat-file", "-e", f"{self.commit}:{path}"], capture_output=True
        )
        return result.returncode == 0

    def module(self, dotted):
        """The Module of a dotted name, or None for one of another package."""
        if dotted not in self.trees:
            path = self.root + dotted.replace(".", "/")
            for candidate in (path + ".py", path + "/__init__.py"):
                if self.has(candidate):
                    self.trees[dotted] = Module(self, dotted, candidate)
                    break
            else:
                self.trees[dotted] = None
        return self.trees[dotted]


class Module:
    """The top level of a Python file: what each name stands for when it runs."""

    def __init__(self, source, dotted, path):
        self.source, self.dotted = source, dotted
        self.package = dotted if path.endswith("__init__.py") else dotted.rpartition(".")[0]
        self.names = {}
        self.read(ast.parse(source.text(path)).body)

    def read(self, body):
        for node in body:
            if isinstance(node, ast.If):
                checking = ast.unparse(node.test) == "TYPE_CHECKING"
                self.read(node.orelse if checking and node.orelse else node.body)
            elif isinstance(node, ast.Try):
                self.read(node.body)
            elif isinstance(node, ast.ClassDef | ast.FunctionDef):
                self.names[node.name] = (self, node)
            elif isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
                self.names[node.targets[0].id] = (self, node.value)
            elif isinstance(node, ast.AnnAssign) and node.value is not None and isinstance(node.target, ast.Name):
                self.names[node.target.id] = (self, node.value)
            elif isinstance(node, ast.ImportFrom):
                base = node.module or ""
                if node.level:
                    parents = self.package.split(".")
                    base = ".".join(parents[: len(parents) - node.level + 1] + ([base] if base else []))
                for alias in node.names:
                    self.names[alias.asname or alias.name] = (base, alias.name)

    def resolve(self, name):
        """The Module and node that define a name, or None for one of another package."""
        found = self.names.get(name)
        if found is None or not isinstance(found[0], str):
            return found
        module = self.source.module(found[0])
        return module.resolve(found[1]) if module else None


def deep(args):
    return args.elts if isinstance(args, ast.Tuple) else [args]


def hints(module, node):
    """The parts of a type: a list of (kind, detail)."""
    if isinstance(node, ast.Constant):
        if node.value is None:
            return [("none", None)]
        if isinstance(node.value, str):
            return hints(module, ast.parse(node.value, mode="eval").body)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitOr):
        return hints(module, node.left) + hints(module, node.right)
    if isinstance(node, ast.Attribute):
        return [("other", ast.unparse(node))]
    if isinstance(node, ast.Subscript):
        head, args = ast.unparse(node.value).rpartition(".")[2], deep(node.slice)
        if head == "Optional":
            return hints(module, args[0]) + [("none", None)]
        if head == "Union":
            return [h for a in args for h in hints(module, a)]
        if head == "Literal":
            return [("literal", [v for a in args for v in literals(module, a)])]
        if head == "Annotated":
            return hints(module, args[0])
        head = head.lower()
        if head in ("list", "set", "tuple"):
            return [(head, hints(module, args[0]))]
        if head in ("dict", "mapping", "callable", "type"):
            return [({"mapping": "dict", "type": "other"}.get(head, head), None)]
        raise SystemExit(f"{module.dotted}: type {ast.unparse(node)} is not known")
    if isinstance(node, ast.Name):
        if node.id in ("bool", "int", "float", "str", "dict", "list"):
            return [(node.id, [] if node.id == "list" else None)]
        if node.id in ("Any", "any", "object"):
            return [("other", node.id)]
        found = module.resolve(node.id)
        if found is None:
            return [("other", node.id)]
        home, definition = found
        if isinstance(definition, ast.ClassDef):
            bases = [ast.unparse(b).rpartition(".")[2] for b in definition.bases]
            if any("Enum" in b for b in bases):
                return [("enum", (definition.name, enum_values(definition)))]
            decorators = [ast.unparse(d).split("(")[0].rpartition(".")[2] for d in definition.decorator_list]
            kind = "dataclass" if set(decorators) & {"config", "dataclass"} else "other"
            return [(kind, definition.name)]
        return hints(home, definition)
    raise SystemExit(f"{module.dotted}: type {ast.unparse(node)} is not known")


def literals(module, node):
    """The values of one argument of Literal, which may name another Literal."""
    if isinstance(node, ast.Constant):
        return [node.value]
    if isinstance(node, ast.Name):
        return [v for kind, values in hints(module, node) if kind == "literal" for v in values]
    return [ast.literal_eval(node)]


def enum_values(definition):
    return [
        n.value.value
        for n in definition.body
        if isinstance(n, ast.Assign) and isinstance(n.value, ast.Constant)
    ]


def fields(module, name, bases=True):
    """The fields of a dataclass and of its bases: name -> (module, annotation, default)."""
    home, definition = module.resolve(name)
    out = {}
    for base in definition.bases if bases else []:
        if isinstance(base, ast.Name) and home.resolve(base.id):
            out |= fields(home, base.id)
    for node in definition.body:
        if not isinstance(node, ast.AnnAssign) or not isinstance(node.target, ast.Name):
            continue
        if ast.unparse(node.annotation).startswith("ClassVar"):
            continue
        call = {}
        if isinstance(node.value, ast.Call):
            call = {k.arg: k.value for k in node.value.keywords}
        if isinstance(call.get("init"), ast.Constant) and call["init"].value is False:
            continue
        out[node.target.id] = (home, node.annotation, call)
    return out


def bounds(call):
    """The range that pydantic's Field states."""
    out = {}
    for key in ("gt", "ge", "lt", "le"):
        if key in call:
            out[key] = ast.literal_eval(call[key])
    return out


HUMAN = ("max_num_batched_tokens", "kv_cache_memory_bytes", "safetensors_prefetch_block_size")


def vllm_kind(name, parts, call):
    """What _compute_kwargs makes of the type of a field."""
    kinds = [k for k, _ in parts]
    detail = dict(parts)
    out = {}
    if "dataclass" in kinds:
        out["kind"] = "json"
    elif set(kinds) == {"bool", "str", "none"}:
        out["kind"] = "optional-text"
    elif "bool" in kinds:
        return {"kind": "bool", "negative": True}
    elif "literal" in kinds:
        out = choices(detail["literal"])
        if "str" in kinds:
            out = {"kind": "text", "known": out["choices"]}
    elif {"tuple", "list", "set"} & set(kinds):
        elem = next(detail[k] for k in ("tuple", "list", "set") if k in kinds)
        elems = [k for k, _ in elem]
        out = {"kind": "list", "elem": "int" if elems == ["int"] else "text"}
    elif "int" in kinds:
        out["kind"] = "length" if name == "max_model_len" else "size" if name in HUMAN else "int"
    elif "float" in kinds:
        out["kind"] = "float"
    elif "dict" in kinds and ({"str", "other", "callable"} & set(kinds)):
        out["kind"] = "text"
    elif "dict" in kinds:
        out["kind"] = "json"
    elif {"str", "other", "enum"} & set(kinds):
        out["kind"] = "text"
        if "enum" in kinds and name == "optimization_level":
            out["kind"] = "int"
    else:
        raise SystemExit(f"{name}: no argument for {parts}")
    if "none" in kinds:
        out["none"] = True
    return out | bounds(call)


def choices(values):
    return {"kind": "choice", "choices": [str(v) for v in values]}


def spec_of(call, kwargs, module):
    """One add_argument call of vLLM: its long names and what it takes."""
    names = [a.value for a in call.args if isinstance(a, ast.Constant)]
    out = {}
    plain = {k.arg: k.value for k in call.keywords if k.arg}
    for spread in (k.value for k in call.keywords if not k.arg):
        if isinstance(spread, ast.Dict):  # {**kwargs["x"], "default": None}
            spread = next(v for k, v in zip(spread.keys, spread.values) if k is None)
        out = dict(kwargs[spread.value.id][spread.slice.value])
    if "action" in plain:
        action = ast.unparse(plain["action"]).rpartition(".")[2].strip("'\"")
        out |= {"kind": "bool"}
        if action == "BooleanOptionalAction":
            out["negative"] = True
        elif action not in ("store_true",):
            raise SystemExit(f"{names}: action {action} is not known")
    elif "choices" in plain:
        out |= choices(ast.literal_eval(plain["choices"]))
    elif "type" in plain:
        out |= {"kind": {"int": "int", "float": "float"}.get(ast.unparse(plain["type"]), "text")}
    elif not out:
        out = {"kind": "text"}
    if isinstance(plain.get("deprecated"), ast.Constant) and plain["deprecated"].value:
        out["deprecated"] = True
    return [n for n in names if n.startswith("--")], out


def vllm_flags(source):
    flags = {}
    utils = source.module("vllm.engine.arg_utils")
    # Engine arguments: x_kwargs = get_kwargs(X), then group.add_argument("--x", **x_kwargs["x"]).
    for owner in ("EngineArgs", "AsyncEngineArgs"):
        _, definition = utils.resolve(owner)
        add = next(n for n in definition.body if isinstance(n, ast.FunctionDef) and n.name == "add_cli_args")
        kwargs = {}
        for node in statements(add.body):
            if isinstance(node, ast.Assign) and isinstance(node.value, ast.Call):
                called = ast.unparse(node.value.func)
                if called == "get_kwargs":
                    home = utils
                    kwargs[node.targets[0].id] = {
                        f: vllm_kind(f, hints(m, t), c)
                        for f, (m, t, c) in fields(home, node.value.args[0].id).items()
                        if supported(m, t)
                    }
            elif isinstance(node, ast.Assign) and isinstance(node.value, ast.Subscript):
                target = node.value  # moe_backend_kwargs = kernel_kwargs["moe_backend"]
                if isinstance(target.value, ast.Name) and target.value.id in kwargs and isinstance(
                    node.targets[0], ast.Name
                ):
                    kwargs[node.targets[0].id] = kwargs[target.value.id][target.slice.value]
            elif isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
                call = node.value
                if ast.unparse(call.func).endswith(".add_argument"):
                    for k in call.keywords:  # **moe_backend_kwargs
                        if k.arg is None and isinstance(k.value, ast.Name):
                            names = [a.value for a in call.args]
                            flags[names[0]] = kwargs[k.value.id] | {"kind": "choice", "fold": True}
                            break
                    else:
                        names, out = spec_of(call, kwargs, utils)
                        for n in names:
                            flags[n] = out
    # Two arguments are parsed as JSON only, so that later checks see the other arguments.
    for name in ("--speculative-config", "--diffusion-config"):
        if name in flags:
            flags[name] = {"kind": "json", "none": True}
    flags["--collect-detailed-traces"] = {"kind": "text", "none": True}
    # Arguments of the server.
    args = source.module("vllm.entrypoints.openai.cli_args")
    server = fields(args, "FrontendArgs")
    for name, (m, t, c) in server.items():
        flags["--" + name.replace("_", "-")] = vllm_kind(name, hints(m, t), c)
    for name in ("allowed_origins", "allowed_methods", "allowed_headers"):
        flags["--" + name.replace("_", "-")] = {"kind": "json"}
    flags["--default-chat-template-kwargs"] = {"kind": "json"}
    flags["--middleware"] = {"kind": "text"}
    _, make = args.resolve("make_arg_parser")
    for node in statements(make.body):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
            if ast.unparse(node.value.func) == "parser.add_argument":
                names, out = spec_of(node.value, {}, args)
                for n in names:
                    flags[n] = out
    return {n.removeprefix("--"): out for n, out in flags.items()}


def supported(module, annotation):
    """Whether a field can be an argument at all; add_cli_args passes over the others."""
    try:
        vllm_kind("", hints(module, annotation), {})
    except (SystemExit, StopIteration, KeyError, IndexError):
        return False
    return True


def statements(body):
    for node in body:
        yield node
        if isinstance(node, ast.If):
            yield from statements(node.body)
            yield from statements(node.orelse)


def flag_names(source):
    """The names of the arguments of any release, by the text alone."""
    out = set()
    for path in ("vllm/engine/arg_utils.py", "vllm/entrypoints/openai/cli_args.py"):
        if not source.has(path):
            continue
        text = source.text(path)
        out |= set(re.findall(r"""add_argument\((?:\s*["']-[a-z]+["'],)?\s*f?["']--([a-z0-9-]+)["']""", text))
        tree = ast.parse(text)
        for node in tree.body:
            if isinstance(node, ast.ClassDef) and node.name in ("FrontendArgs", "BaseFrontendArgs"):
                out |= {
                    n.target.id.replace("_", "-")
                    for n in node.body
                    if isinstance(n, ast.AnnAssign) and isinstance(n.target, ast.Name)
                }
    return out


def retired(source, flags):
    """The flags of earlier releases that this one does not take: name -> the last release that did."""

    def version(tag):
        return tuple(int(n) for n in tag.lstrip("v").split("."))

    tags = [t for t in source.git("tag", "--list", "v*").split() if re.fullmatch(r"v\d+(\.\d+)+", t)]
    ours = version(source.rev)
    out = {}
    for tag in sorted((t for t in tags if EARLIEST <= version(t) < ours), key=version):
        for name in flag_names(Source(f"{source.repo}@{tag}")):
            out[name] = tag.lstrip("v")
    return {
        n: v for n, v in out.items() if n not in flags and (not n.startswith("no-") or n[3:] not in flags)
    }


def registered(source, dotted, name):
    """The keys of a dict, or the values of a Literal, that a module defines."""
    module = source.module(dotted)
    node = module.names[name][1]
    if isinstance(node, ast.Dict):
        return sorted(k.value for k in node.keys)
    return sorted(literals(module, node) if not isinstance(node, ast.Subscript) else [
        v for a in deep(node.slice) for v in literals(module, a)
    ])


def hf_kind(parts, call, name):
    """What _parse_dataclass_field makes of the type of a field; None for one that no text can set."""
    kinds = [k for k, _ in parts]
    detail = dict(parts)
    rest = [k for k in kinds if k not in ("none",)]
    if "str" in rest and len(rest) > 1 and "bool" not in rest:
        rest = [k for k in rest if k != "str"] if "none" not in kinds else rest
    if "str" in rest and (len(rest) > 1 or "none" in kinds) and "bool" not in rest:
        return {"kind": "text"}
    first = rest[0]
    if first == "bool" or "bool" in rest:
        return {"kind": "bool"}
    if first == "literal":
        return choices(detail["literal"])
    if first == "enum":
        return choices(detail["enum"][1]) if detail["enum"][1] else {"kind": "text"}
    if first == "list":
        elems = [k for k, _ in detail["list"]] or ["text"]
        return {"kind": "list", "elem": {"int": "int", "float": "float"}.get(elems[0], "text")}
    if first in ("int", "float"):
        return {"kind": first}
    if first == "str":
        return {"kind": "text"}
    return {"kind": "unset"}  # a type such as dict, which no command-line argument can make


SECTIONS = {
    "ModelConfig": "ModelConfig",
    "QuantizationConfig": "QuantizationConfig",
    "LoraConfig": "ExtLoraConfig",
    "TrainingArguments": "SFTConfig",
    "DatasetConfig": "DatasetConfig",
    "DataCollator": "ExtDataCollator",
}


def foreign(source, dotted, name, bases=True):
    return {
        f: hf_kind(hints(m, t), c, f) for f, (m, t, c) in fields(source.module(dotted), name, bases).items()
    }


def tuning(kaito, transformers, peft, trl):
    cli = kaito.module("cli")
    parser = kaito.text(kaito.root + "parser.py")
    for section, cls in SECTIONS.items():
        if f'"{section}": {cls}' not in parser:
            sys.exit(f"parser.py does not map {section} to {cls}")
    inherited = {
        "ModelConfig": {},
        "QuantizationConfig": foreign(transformers, "transformers.utils.quantization_config", "BitsAndBytesConfig"),
        "LoraConfig": foreign(peft, "peft.tuners.lora.config", "LoraConfig"),
        "TrainingArguments": foreign(transformers, "transformers.training_args", "TrainingArguments")
        | foreign(trl, "trl.trainer.base_config", "_BaseConfig")
        | foreign(trl, "trl.trainer.sft_config", "SFTConfig"),
        "DatasetConfig": {},
        "DataCollator": foreign(transformers, "transformers.data.data_collator", "DataCollatorForLanguageModeling"),
    }
    out = {}
    for section, cls in SECTIONS.items():
        own = {}
        if cls in cli.names and isinstance(cli.names[cls][1], ast.ClassDef):
            own = {f: hf_kind(hints(m, t), c, f) for f, (m, t, c) in fields(cli, cls, bases=False).items()}
        out[section] = dict(sorted((inherited[section] | own).items()))
    return out


def wrapper(kaito):
    """KAITO's own flags and keys of inference_config.yaml."""
    text = kaito.text("presets/workspace/inference/vllm/inference_api.py")
    flags = {}
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "self.add_argument":
            names, out = spec_of(node, {}, None)
            flags |= {n.removeprefix("--"): out for n in names}
    keys = {}
    for key in sorted(set(re.findall(r'config_data\.get\(\s*"(\w+)"', text))):
        hint = re.search(rf"^    {key}: (\w+)", text, re.M).group(1)
        keys[key] = {"kind": {"int": "int", "float": "float"}.get(hint, "mapping")}
    return flags, keys


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("kaito", "vllm", "transformers", "peft", "trl"):
        options.add_argument("--" + name, required=True, metavar="PATH@REVISION")
    options.add_argument("--out", required=True, help="the folder of the data files")
    o = options.parse_args()
    kaito = Source(o.kaito, "presets/workspace/tuning/text-generation/")
    vllm = Source(o.vllm)
    transformers, peft = Source(o.transformers, "src/"), Source(o.peft, "src/")
    trl = Source(o.trl)
    pinned = dict(
        re.findall(r"^([a-z-]+)(?:\[\w+\])? *[=>]=([\d.]+)", kaito.text("presets/workspace/dependencies/requirements.txt"), re.M)
    )
    if vllm.rev != "v" + pinned["vllm"]:
        sys.exit(f"KAITO {kaito.rev} pins vLLM {pinned['vllm']}, not {vllm.rev}")
    models = kaito.text("presets/workspace/models/supported_models.yaml")
    tag = re.search(r"name: base\n(?:.*\n)*?    tag: (\S+)", models).group(1)
    flags = vllm_flags(vllm)
    own, keys = wrapper(kaito)
    tfs = Source(o.kaito, "presets/workspace/inference/text-generation/").module("inference_api")
    templates = kaito.names("presets/workspace/inference/chat_templates")
    data = {
        "image": tag,
        "sources": {
            "kaito": {"version": kaito.rev, "commit": kaito.commit},
            "vllm": {"version": pinned["vllm"], "commit": vllm.commit},
            "transformers": {"version": pinned["transformers"], "commit": transformers.commit},
            "peft": {"version": pinned["peft"], "commit": peft.commit},
            "trl": {"version": trl.rev.lstrip("v"), "commit": trl.commit, "atLeast": pinned["trl"]},
        },
        "chatTemplates": sorted("/workspace/chat_templates/" + t for t in templates if t.endswith(".jinja")),
        "toolParsers": registered(vllm, "vllm.tool_parsers", "_TOOL_PARSERS_TO_REGISTER"),
        "reasoningParsers": registered(vllm, "vllm.reasoning", "_REASONING_PARSERS_TO_REGISTER"),
        "tokenizerModes": sorted(
            set(registered(vllm, "vllm.config.model", "TokenizerMode"))
            | set(registered(vllm, "vllm.tokenizers.registry", "_VLLM_TOKENIZERS"))
        ),
        "loadFormats": registered(vllm, "vllm.model_executor.model_loader", "LoadFormats"),
        "quantizations": registered(vllm, "vllm.model_executor.layers.quantization", "QuantizationMethods"),
        "flags": dict(sorted(flags.items())),
        "retired": dict(sorted(retired(vllm, flags).items())),
        "kaitoFlags": dict(sorted(own.items())),
        "inferenceKeys": keys,
        "transformersFlags": {
            f: hf_kind(hints(m, t), c, f) for f, (m, t, c) in sorted(fields(tfs, "ModelConfig").items())
        },
        "tuning": tuning(kaito, transformers, peft, trl),
    }
    path = pathlib.Path(o.out) / f"kaito-base-{tag}.json"
    lines = []
    for key, value in data.items():
        if isinstance(value, dict) and key not in ("sources", "tuning"):
            items = ",\n".join(f"    {json.dumps(k)}: {json.dumps(v)}" for k, v in value.items())
            lines.append(f"  {json.dumps(key)}: {{\n{items}\n  }}")
        elif key == "tuning":
            sections = []
            for section, entries in value.items():
                items = ",\n".join(f"      {json.dumps(k)}: {json.dumps(v)}" for k, v in entries.items())
                sections.append(f"    {json.dumps(section)}: {{\n{items}\n    }}")
            lines.append(f"  {json.dumps(key)}: {{\n" + ",\n".join(sections) + "\n  }")
        else:
            lines.append(f"  {json.dumps(key)}: " + json.dumps(value, indent=2).replace("\n", "\n  "))
    path.write_text("{\n" + ",\n".join(lines) + "\n}\n")
    print(f"{path}: {len(flags)} flags, {len(data['retired'])} retired")


if __name__ == "__main__":
    main()
