"""deploy/: what a cluster would be given is valid, planted errors are refused; scripts run here.

No cluster is here.  Kubernetes' own schemas, KubeSpawner and, where TRIAD_CHART names an unpacked
chart, the chart's schema and templates say what they would accept.
"""

import copy
import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import as_in_a_pod
import isolation
import pytest
import student_pod
import yaml
from places import ROOT

DEPLOY = ROOT / "deploy"
KUBERNETES = "1.36"  # whose schemas
MIB = 2**20
ALL = os.environ.get("TRIAD_ALL")
CHART = os.environ.get("TRIAD_CHART", "")


def read(name: str) -> dict:
    return yaml.safe_load((DEPLOY / name).read_text(encoding="utf-8"))


def changed(document: dict, path: str, value: object) -> dict:
    """The document with another value at a.b.0.c; its own stays."""
    made = copy.deepcopy(document)
    *way, last = path.split(".")
    place = made
    for key in way:
        place = place[int(key)] if isinstance(place, list) else place.setdefault(key, {})
    place[last] = value
    return made


def validate(document: dict) -> None:
    import kubernetes_validate

    kubernetes_validate.validate(document, KUBERNETES, strict=True)


# --- a student's pod --------------------------------------------------------------------------


@pytest.fixture(scope="module")
def pod() -> dict:
    return student_pod.pod(read("kubernetes/values.yaml"), "陳小明@example")


def test_a_students_pod_is_valid_and_has_the_memory_that_was_measured(pod):
    validate(pod)
    (server,) = pod["spec"]["containers"]
    assert int(server["resources"]["requests"]["memory"]) == 640 * MIB
    assert int(server["resources"]["limits"]["memory"]) == 1536 * MIB
    names = {variable["name"] for variable in server["env"]}
    assert {"OMP_NUM_THREADS", "HF_HUB_OFFLINE", "MEM_LIMIT"} <= names
    assert re.fullmatch(r"[a-z0-9.-]+", pod["metadata"]["name"])


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("singleuser.memory.garantee", "640M"),
        ("singleuser.memory.guarantee", "640Mi"),
        ("singleuser.memory.limit", "much"),
        ("singleuser.startTimeout", "five minutes"),
        ("singleuser.cpu.limit", "two"),
        ("singleuser.lifecycle.postStart", "sh"),
    ],
)
def test_a_planted_error_in_a_students_values_is_refused(path, value):
    with pytest.raises(student_pod.Refused):
        student_pod.pod(changed(read("kubernetes/values.yaml"), path, value), "x")


def test_a_pod_that_kubernetes_would_refuse_is_seen(pod):
    for path, value in (("spec.containers.0.resources.limits", "1.5 GB"), ("spec.nodename", "a")):
        with pytest.raises(Exception, match=r"limits|nodename"):
            validate(changed(pod, path, value))


# --- the grading job --------------------------------------------------------------------------

CONTAINER = "spec.template.spec.containers.0"


def test_the_grading_job_is_valid_and_keeps_its_walls():
    job = read("kubernetes/grading-job.yaml")
    validate(job)
    spec = job["spec"]["template"]["spec"]
    (container,) = spec["containers"]
    assert spec["securityContext"]["runAsNonRoot"] and not spec["automountServiceAccountToken"]
    assert container["securityContext"]["capabilities"] == {"drop": ["ALL"]}
    assert not container["securityContext"]["allowPrivilegeEscalation"]
    profile = spec["securityContext"]["seccompProfile"]["localhostProfile"]
    assert (DEPLOY / "kubernetes" / profile).is_file()


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (f"{CONTAINER}.securityContext.procMont", "Unmasked"),
        (f"{CONTAINER}.securityContext.allowPrivilegeEscalation", "no"),
        (f"{CONTAINER}.command", "python"),
        ("spec.template.spec.hostusers", False),
        ("spec.backoffLimit", "two"),
        ("kind", "Jobs"),
    ],
)
def test_a_planted_error_in_the_grading_job_is_refused(path, value):
    with pytest.raises(Exception) as error:
        validate(changed(read("kubernetes/grading-job.yaml"), path, value))
    assert type(error.value).__module__.startswith(("kubernetes_validate", "jsonschema"))


def test_the_grading_job_calls_the_grader_as_it_is():
    container = read("kubernetes/grading-job.yaml")["spec"]["template"]["spec"]["containers"][0]
    *python, submissions = container["command"]
    assert python == ["python", "-P", "-m", "course_tools.grading"]
    sources = ("grading/__main__.py", "command.py")
    text = "".join((ROOT / "src/course_tools" / n).read_text(encoding="utf-8") for n in sources)
    options, values = container["args"][::2], container["args"][1::2]
    assert set(options) <= set(re.findall(r'"(--[a-z-]+)"', text))
    given = dict(zip(options, values, strict=True))
    mounts = {mount["mountPath"] for mount in container["volumeMounts"]}
    for path in (submissions, given["--out"], given["--courses"]):
        assert str(Path(path).parent) in mounts
    assert container["resources"]["requests"]["cpu"] == given["--jobs"]


# --- system calls -----------------------------------------------------------------------------

# what makes the judge's walls; and what no pod of ours needs
WALLS = {"clone", "mount", "pivot_root", "setns", "umount2", "unshare"}
NEVER = {
    "add_key", "bpf", "clone3", "delete_module", "finit_module", "fsopen", "init_module",
    "io_uring_setup", "kexec_load", "move_mount", "mount_setattr", "open_by_handle_at", "open_tree",
    "perf_event_open", "swapon", "syslog", "userfaultfd",
}  # fmt: skip


def test_the_profile_allows_what_the_walls_need_and_nothing_that_nobody_does():
    profile = read("kubernetes/triad-grading-seccomp.json")
    allowed = {n for r in profile["syscalls"] for n in r["names"] if "args" not in r}
    assert profile["defaultAction"] == "SCMP_ACT_ERRNO" and allowed >= WALLS
    assert not allowed & NEVER
    known = {"names", "action", "args"}  # containerd reads the runtime's own form, and no other key
    assert all(set(rule) <= known for rule in profile["syscalls"])
    assert set(profile) == {"defaultAction", "defaultErrnoRet", "architectures", "syscalls"}


ISOLATE = """
import sys
from course_tools.grading.sandbox import ForkServer, isolation
isolation.outer_wall = lambda: sys.argv[1]
try:
    with ForkServer() as server:
        server.fork().end()
    print("isolates")
except isolation.NotIsolated as reason:
    print("refuses", reason)
"""


def in_a_pod(profile: Path, outer_wall: str) -> str:
    """What the sandbox says where only the profile's system calls are allowed."""
    inner = [sys.executable, "-c", ISOLATE, outer_wall]
    command = [sys.executable, as_in_a_pod.__file__, str(profile), *inner]
    env = os.environ | {"PYTHONPATH": str(ROOT / "src")}
    done = subprocess.run(command, env=env, capture_output=True, encoding="utf-8")
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.skipif(sys.platform != "linux" or not ALL, reason="--all, system calls of Linux")
def test_the_walls_stand_under_the_profile_and_the_grader_refuses_without_its_six(tmp_path):
    if not as_in_a_pod.library():
        pytest.skip("no libseccomp")
    ours = DEPLOY / "kubernetes/triad-grading-seccomp.json"
    profile = json.loads(ours.read_text(encoding="utf-8"))
    walls, *others = profile["syscalls"]
    assert set(walls["names"]) == WALLS
    plain = tmp_path / "default.json"
    namespaces = {"index": 0, "op": "SCMP_CMP_EQ", "value": 0x1200011}  # fork, as libc asks it
    others.append({"names": ["clone"], "action": "SCMP_ACT_ALLOW", "args": [namespaces]})
    threads = {"index": 0, "op": "SCMP_CMP_EQ", "value": 0x3D0F00}
    others.append({"names": ["clone"], "action": "SCMP_ACT_ALLOW", "args": [threads]})
    plain.write_text(json.dumps(profile | {"syscalls": others}), encoding="utf-8")
    assert in_a_pod(plain, "").startswith("refuses")
    outer_walls = {"", shutil.which("bwrap") or ""}
    said = {in_a_pod(ours, outer_wall) for outer_wall in outer_walls}
    if said != {"isolates\n"}:
        with isolation.server_or_skip():  # where this machine cannot isolate at all
            pytest.fail(f"under our profile: {said}")


# --- what belongs together --------------------------------------------------------------------


def test_versions_agree_wherever_they_stand():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert read("kubernetes/values.yaml")["singleuser"]["image"]["tag"] == project["version"]
    pins = (ROOT / "constraints.txt").read_text(encoding="utf-8")
    hub = re.search(r"^jupyterhub==(\d+\.\d+)", pins, re.MULTILINE)[1]
    docker = (DEPLOY / "kubernetes/Dockerfile").read_text(encoding="utf-8")
    assert f'"jupyterhub=={hub}.*"' in docker
    for name in ("Dockerfile", "grading.Dockerfile"):
        text = (DEPLOY / "kubernetes" / name).read_text(encoding="utf-8")
        extras = set(re.search(r"\.\[([\w,]+)\]", text)[1].split(","))
        assert extras <= set(project["optional-dependencies"])


def test_an_image_gets_nothing_that_git_leaves_out():
    """A class's answers and marks, for one: the image is built where a course lies."""
    left_out = set((ROOT / ".dockerignore").read_text(encoding="utf-8").split("\n"))
    names = (ROOT / ".gitignore").read_text(encoding="utf-8").split("\n")
    patterns = {f"**/{name.rstrip('/')}" for name in names if name and not name.startswith("#")}
    assert "**/courses" in patterns <= left_out


def over(defaults: object, values: object) -> object:
    """What Helm makes of a chart's defaults and ours."""
    if not (isinstance(defaults, dict) and isinstance(values, dict)):
        return values
    return defaults | {key: over(defaults.get(key), value) for key, value in values.items()}


@pytest.mark.skipif(not CHART, reason="TRIAD_CHART names no unpacked chart")
def test_the_chart_takes_the_values_and_renders_valid_objects():
    import jsonschema
    import kubernetes_validate

    values, chart = read("kubernetes/values.yaml"), Path(CHART)
    own = next(chart.glob("values.schema.*"))  # YAML in its source, JSON where it is packed
    texts = (own, chart / "values.yaml")
    schema, defaults = (yaml.safe_load(text.read_text(encoding="utf-8")) for text in texts)
    jsonschema.validate(over(defaults, values), schema)
    for path, value in (("singleuser.memory.garantee", "1G"), ("cull.timeout", "an hour")):
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate(over(defaults, changed(values, path, value)), schema)
    if not (helm := shutil.which("helm")):
        pytest.skip("needs Helm, to render the chart")
    ours = ROOT / "deploy/kubernetes/values.yaml"
    command = [helm, "template", "triad", chart, "--namespace", "triad", "--values", ours]
    rendered = subprocess.run(command, check=True, capture_output=True).stdout
    objects = [found for found in yaml.safe_load_all(rendered) if found]
    assert {"Deployment", "Service", "NetworkPolicy"} <= {found["kind"] for found in objects}
    for found in objects:
        kubernetes_validate.validate(found, KUBERNETES, strict=True)


# --- what a student costs ---------------------------------------------------------------------


@pytest.mark.skipif(sys.platform != "linux", reason="PSS is Linux's")
def test_one_more_student_is_the_slope_and_what_all_share_costs_once():
    file = ROOT / "benchmarks/hub/measure.py"
    spec = importlib.util.spec_from_file_location("hub_measure", file)
    spec.loader.exec_module(measure := importlib.util.module_from_spec(spec))
    rest = dict.fromkeys(("server", "kernel", "failed", "cpu_s", "server_s"), 0)
    told = "\n".join(measure.tell([{"all": 1040 + 275 * n} | rest for n in (1, 2, 3, 4)]))
    assert "for all 1040 MiB, one more student 275.0; the sums are at most 0.0 off" in told
    assert "fit into 24576 MiB, 1536 of them the system's: 80; with a tenth kept free 72" in told


# --- what runs on a machine with students ----------------------------------------------------


def course(folder: Path, lesson: str) -> Path:
    for lang in ("ja", "zh-tw"):
        (folder / "notebooks" / lang).mkdir(parents=True, exist_ok=True)
        (folder / "notebooks" / lang / "01_attention.ipynb").write_text(lesson, encoding="utf-8")
    (folder / "start.py").write_text("", encoding="utf-8")
    return folder


def config_of(file: Path, home: Path, edition: Path):
    """What Jupyter reads of the file, in a process whose home this is."""
    load = (
        "import json, sys; from traitlets.config import PyFileConfigLoader as Load;"
        "print(json.dumps(Load(sys.argv[1]).load_config()))"
    )
    env = os.environ | {"HOME": str(home), "PYTHONPATH": str(ROOT / "src")}
    env |= {"USERPROFILE": str(home), "TRIAD_COURSE": str(edition)}
    command = [sys.executable, "-c", load, str(file)]
    done = subprocess.run(command, env=env, capture_output=True, encoding="utf-8")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1]), done.stderr


@pytest.mark.skipif(os.name == "nt", reason="a hub's servers run on Linux")
def test_a_server_that_starts_delivers_and_an_edition_that_is_missing_stops_none(tmp_path):
    home, file = tmp_path / "home", DEPLOY / "jupyter_server_config.py"
    home.mkdir()
    read_config, complaint = config_of(file, home, course(tmp_path / "edition", "one"))
    lesson = home / "transformer-triad/notebooks/zh-tw/01_attention.ipynb"
    assert lesson.read_text(encoding="utf-8") == "one" and not complaint
    assert read_config["MappingKernelManager"]["cull_idle_timeout"] == 1800
    again, complaint = config_of(file, home, tmp_path / "missing")
    assert again == read_config and "nothing to deliver" in complaint


@pytest.mark.skipif(not shutil.which("bash") or os.name == "nt", reason="needs bash")
def test_the_recipe_for_tljh_installs_updates_and_refuses_solutions(tmp_path):
    venv = tmp_path / "user"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", venv], check=True)
    (site,) = venv.glob("lib/python*/site-packages")
    packages = Path(importlib.util.find_spec("filelock").origin).parents[1]
    (site / "lent.pth").write_text(f"{packages}\n{ROOT / 'src'}\n", encoding="utf-8")
    env = os.environ | {"TLJH_PYTHON": str(venv / "bin/python"), "TRIAD_NO_PIP": "1"}
    env["TRIAD_COURSE"] = str(tmp_path / "opt/course")
    (tmp_path / "opt").mkdir()
    script = ["bash", str(DEPLOY / "tljh/install.sh")]
    for text in ("one", "two"):
        edition = course(tmp_path / text, text)
        subprocess.run([*script, edition], env=env, check=True, capture_output=True)
        installed = tmp_path / "opt/course/notebooks/ja/01_attention.ipynb"
        assert installed.read_text(encoding="utf-8") == text
    assert (venv / "etc/jupyter/jupyter_server_config.py").is_file()
    kernel = json.loads((venv / "etc/ipython/ipython_kernel_config.json").read_text())
    assert kernel["IPKernelApp"]["extensions"] == ["helpers.classroom.kernel"]
    (edition / "solutions").mkdir()
    refused = subprocess.run([*script, edition], env=env, capture_output=True, encoding="utf-8")
    assert refused.returncode == 1 and "solutions/" in refused.stderr
