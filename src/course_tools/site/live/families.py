"""What transformers fills in where a config.json is silent, for the calculator on the page.

python -m course_tools.site.live.families

Writes families.json: for each family whose decoder a page can read, the names and defaults of its
class, and the fields that follow from others with the rule by which they do.  A family is left out
where the page's answer ever differed from helpers.kv_cache (cases); the page then refuses it.
"""

import json
import random
import subprocess
from collections.abc import Iterator
from copy import deepcopy
from typing import Any

from transformers import CONFIG_MAPPING

from helpers.kv_cache import by_formula, configs

from ... import command
from ...checks.processes import CommandFailed
from ...command import ROOT
from ...makers import kv_resolved
from . import calculator

FILE = calculator.FAMILIES
SCRIPTS = ROOT / "tools" / "site" / "public" / "live"
LENGTH = 5_000  # tokens: more than the windows of most, and than any of a case
SWITCH = "use_sliding_window"
BASE = ("num_attention_heads", "hidden_size")
CASES = 25  # of one family, for one seed
Config = dict[str, Any]
JUDGE = """
import {{ readFileSync }} from "node:fs";
const {{ cache }} = await import({cache});
const {{ read }} = await import({pasted});
const {{ table, cases }} = JSON.parse(readFileSync(0, "utf-8"));
const answer = (text) => {{
  try {{
    const model = read(text, table);
    const {{ bytes, perToken }} = cache(model, {{ length: {length} }});
    return [bytes, perToken, Object.keys(model.missing).sort()];
  }} catch (error) {{
    return error.reason ?? `${{error}}`;
  }}
}};
console.log(JSON.stringify(cases.map(answer)));
"""


def table() -> dict[str, Any]:
    """Return the families and wrappers of which a page could read a config.json, unchecked."""
    found = {name: entry for name in CONFIG_MAPPING if (entry := family(name))}
    inside = {name: inner for name in CONFIG_MAPPING if (inner := text_part(name)) in found}
    return {"families": found, "wrappers": inside}


def family(name: str) -> dict[str, Any] | None:
    """Return one family's entry; None where its config is not the decoder's own, or unknown."""
    config = _made({"model_type": name})
    if config is None or config.is_encoder_decoder or configs.text(config) is not config:
        return None
    if not by_formula.is_checked(config) or getattr(config, "is_heterogeneous", False):
        return None
    derived = _derived(config)
    return {
        "aliases": {k: v for k, v in config.attribute_map.items() if isinstance(v, str)},
        "defaults": fields_of(config),
        "derived": derived,
        "rules": {field: rule for field in derived if (rule := _rule(config, field))},
        "isTied": bool(getattr(config, "tie_word_embeddings", True)),
        "isEncoderOnly": configs.is_encoder_only(config),
    }


def text_part(name: str) -> str | None:
    """Return the family of the language model inside a model that also sees or hears."""
    config = _made({"model_type": name})
    inner = getattr(config, "text_config", None)
    if config is None or config.is_encoder_decoder or configs.text(config) is not inner:
        return None
    return inner.model_type if by_formula.is_checked(config) else None


def fields_of(config: Any) -> Config:
    """Return the fields that a page computes with, as the config object has them."""
    switch = getattr(config, SWITCH, None)
    return kv_resolved.fields(config) | ({} if switch is None else {SWITCH: switch})


def _made(fields: Config) -> Any:
    try:
        return CONFIG_MAPPING[fields["model_type"]].from_dict(fields)
    except Exception:  # some classes need arguments, and each validates in its own way
        return None


def _derived(config: Any) -> dict[str, list[str]]:
    """Return {field: the fields that change it}, found by changing one after the other."""
    own = config.attribute_map
    before, found = fields_of(config), dict[str, list[str]]()
    for name, value in config.to_dict().items():
        changed = _made({"model_type": config.model_type, name: _other(value)})
        if _other(value) is None or changed is None:
            continue
        after = fields_of(changed)
        for field in {*before, *after}:
            if own.get(field, field) != name and before.get(field) != after.get(field):
                found.setdefault(field, []).append(name)
    return {field: sorted(depends) for field, depends in sorted(found.items())}


def _other(value: Any) -> Any:
    if isinstance(value, bool):
        return not value
    return 2 * value if isinstance(value, int) else 7 if value is None else None


def _rule(config: Any, field: str) -> Any:
    """Return the rule that gives a field from others: "heads", "split" or a pattern of layers."""
    if field == "layer_types":
        return _pattern(config)
    heads, width = (getattr(config, name, None) for name in BASE)
    if not heads or not width:
        return None
    probes = [(2 * heads, 2 * width), (heads, 4 * width), (2 * heads, 4 * width)]
    made = [_made({"model_type": config.model_type} | dict(zip(BASE, p, strict=True)))
            for p in probes]  # fmt: skip
    values = [getattr(one, field, None) for one in made]
    predicted = {"heads": [h for h, _ in probes], "split": [w // h for h, w in probes]}
    return next((rule for rule, wanted in predicted.items() if wanted == values), None)


def _pattern(config: Any) -> list[str] | None:
    """Return the shortest pattern that the types of the layers repeat, at every depth tried."""
    depths = (1, 2, 5, 7, 30, 64)
    made = [_made({"model_type": config.model_type, "num_hidden_layers": n}) for n in depths]
    types = [list(getattr(one, "layer_types", None) or ()) for one in made]
    if not all(types):
        return None
    for period in range(1, 13):
        pattern = types[-1][:period]
        if all(t == [pattern[i % period] for i in range(len(t))] for t in types):
            return pattern
    return None


# --- cases: the page against the instrument -----------------------------------------------------


def cases(name: str, found: dict[str, Any], seed: int) -> Iterator[str]:
    """Yield config.json files of a family: sparse, whole, and with what real files change."""
    draw = random.Random(f"{name} {seed}")
    inner = found["wrappers"].get(name)
    whole = _whole(CONFIG_MAPPING[inner or name]())
    for _ in range(CASES):
        fields = {k: v for k, v in whole.items() if draw.random() < draw.choice((0.2, 0.6, 1))}
        for field in draw.sample(sorted(whole), min(3, len(whole))):
            fields[field] = _changed(whole[field], draw)
        depth = next((n for n in configs.LAYER_COUNTS if n in whole), "num_hidden_layers")
        fields.setdefault(depth, whole.get(depth, 8))
        fields = {"model_type": inner or name} | fields
        yield json.dumps({"model_type": name, "text_config": fields} if inner else fields)


def _whole(config: Any) -> Config:
    """Return what a config.json of this class says about the cache."""
    own = {
        config.attribute_map.get(name, name)
        for name in (*kv_resolved.names(), *kv_resolved.ALSO, *BASE, SWITCH)
    }
    own |= {"sliding_window_pattern", "max_window_layers"}
    own -= {"model_type"}
    fields = deepcopy(config.to_dict())
    return {
        name: fields[name]
        for name in sorted(own & set(fields))
        if kv_resolved.is_plain(fields[name]) or fields[name] is None
    }


def _changed(value: Any, draw: random.Random) -> Any:
    if isinstance(value, bool):
        return not value
    if isinstance(value, int):
        return draw.choice([2 * value, max(1, value // 2), 8 * max(1, value // 8), value])
    return None if draw.random() < 0.5 else value


def by_instrument(text: str) -> list[Any] | str:
    """Return [bytes, bytes of a token more, fields that the file lacks], or why there are none."""
    try:
        size = by_formula.formula(json.loads(text), LENGTH)
    except configs.Refused as refusal:
        return refusal.reason
    except Exception:  # lists that are shorter than the layers break a rule
        return "invalid_config"
    told = next((values for name, values in size.notes if name == "note_defaults"), {"fields": ""})
    lacks = [part.split(" = ")[0] for part in f"{told['fields']}".split(", ") if part]
    return [size.total_bytes, size.bytes_per_token, sorted(lacks)]


def by_page(texts: list[str], found: dict[str, Any]) -> list[Any]:
    """Return the same for each text, as the page's scripts say it in Node.js.  CommandFailed."""
    cache, pasted = (json.dumps((SCRIPTS / f).as_uri()) for f in ("kv-cache.js", "pasted.js"))
    script = JUDGE.format(cache=cache, pasted=pasted, length=LENGTH)
    done = subprocess.run(
        ["node", "--input-type=module", "-e", script],
        input=json.dumps({"table": found, "cases": texts}), capture_output=True, encoding="utf-8",
    )  # fmt: skip
    if done.returncode:
        raise CommandFailed(done.stderr[-2000:])
    return json.loads(done.stdout)


def compared(found: dict[str, Any], seed: int) -> dict[str, list[tuple[str, Any, Any]]]:
    """Return {family: [(config.json, page, instrument)]} of every family and wrapper."""
    texts = {
        name: list(cases(name, found, seed)) for name in (*found["families"], *found["wrappers"])
    }
    answers = iter(by_page([text for each in texts.values() for text in each], found))
    return {name: [(text, next(answers), by_instrument(text)) for text in each]
            for name, each in texts.items()}  # fmt: skip


def differs(page: Any, instrument: Any) -> bool:
    """Does the page give a number that the instrument does not give?

    It may refuse more; of a file that no model can have (invalid_config) there is no number.
    """
    return isinstance(page, list) and instrument not in (page, "invalid_config")


def main(argv: list[str]) -> int:
    """Write families.json, and say what is left out."""
    command.parser("families", __doc__).parse_args(argv)
    found = table()
    results = [compared(found, seed) for seed in range(3)]
    wrong = {name for result in results for name, each in result.items()
             if any(differs(page, instrument) for _, page, instrument in each)}  # fmt: skip
    for part in found.values():
        for name in wrong & set(part):
            del part[name]
    inside = found["wrappers"]
    found["wrappers"] = {name: i for name, i in inside.items() if i in found["families"]}
    FILE.write_text(json.dumps(found, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    print(f"{len(found['families'])} families, {len(found['wrappers'])} wrappers; left out:")
    print(*sorted(wrong))
    return 0


if __name__ == "__main__":
    command.run(main)
