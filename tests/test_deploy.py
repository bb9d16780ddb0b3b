"""deploy/: what a cluster would be given is valid, planted errors are refused; scripts run here.

No cluster is here.  Kubernetes' own schemas, KubeSpawner and, where TRIAD_CHART names an unpacked
chart, the chart's schema and templates say what they would accept.
"""

import copy
import fnmatch
import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from types import SimpleNamespace

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
CHARTS = {"4.4.0": "5.5"}  # chart -> its JupyterHub (the chart's changelog, 2026-06-10)
PAGES = tuple(ROOT / f"docs/deployment{lang}.md" for lang in ("", ".ja", ".zh-tw"))


def read(name: str) -> dict:
    return yaml.safe_load((DEPLOY / name).read_text(encoding="utf-8"))


def read_all(name: str) -> list[dict]:
    return list(yaml.safe_load_all((DEPLOY / name).read_text(encoding="utf-8")))


def fences(page: Path, lang: str) -> list[str]:
    """The page's blocks of one language; "" for its commands."""
    text = page.read_text(encoding="utf-8")
    return re.findall(rf"^```{lang}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


def commands(page: Path) -> list[str]:
    return "".join(fences(page, "")).splitlines()


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


# --- who gets in ------------------------------------------------------------------------------


def faults_of_the_login(values: dict) -> list[str]:
    """Why a hub with these values may not be opened to a class."""
    config, https = values["hub"]["config"], values.get("proxy", {}).get("https", {})
    login = config.get("JupyterHub", {}).get("authenticator_class", "dummy")  # the chart's own
    allowed = config.get("Authenticator", {})
    found = ["anybody"] * (login == "dummy") + ["nobody"] * (login == "null")
    found += ["no HTTPS"] * (not https.get("enabled") or not https.get("hosts"))
    return found + ["nobody is allowed"] * (not {"allow_all", "allowed_users"} & set(allowed))


def own_yaml(page: Path) -> dict:
    (text,) = fences(page, "yaml")
    return yaml.safe_load(text)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_nobody_logs_in_with_the_values_alone_and_with_the_pages_own_yaml_the_class_does(page):
    from jupyterhub.auth import NullAuthenticator
    from jupyterhub.traitlets import EntryPointType

    values, own = read("kubernetes/values.yaml"), own_yaml(page)
    shipped = values["hub"]["config"]["JupyterHub"]["authenticator_class"]
    kinds = EntryPointType(entry_point_group="jupyterhub.authenticators")
    assert kinds.load_entry_points()[shipped].load() is NullAuthenticator
    assert faults_of_the_login(values) == ["nobody", "no HTTPS", "nobody is allowed"]
    assert faults_of_the_login(over(values, own)) == []
    assert own == own_yaml(PAGES[0])
    (upgrade,) = (line for line in commands(page) if line.startswith("helm upgrade"))
    files = re.findall(r"--values (\S+)", upgrade)
    assert files == ["deploy/kubernetes/values.yaml", "own.yaml"]  # Helm refuses without the second


@pytest.mark.parametrize(
    ("path", "value", "fault"),
    [
        ("hub.config.JupyterHub", {}, "anybody"),
        ("hub.config.JupyterHub.authenticator_class", "dummy", "anybody"),
        ("hub.config.Authenticator", {}, "nobody is allowed"),
        ("proxy.https.enabled", False, "no HTTPS"),
        ("proxy.https.hosts", [], "no HTTPS"),
    ],
)
def test_an_open_hub_is_seen(path, value, fault):
    made = over(read("kubernetes/values.yaml"), own_yaml(PAGES[0]))
    assert faults_of_the_login(changed(made, path, value)) == [fault]


# --- the grading job --------------------------------------------------------------------------

CONTAINER = "spec.template.spec.containers.0"
# PSS of `start.py grade --jobs 2` on sheet 01, 2026-11-29: the command, and a judge, its fork
# server and what that has forked
COMMAND_MIB, OF_A_JOB_MIB = 228, 340


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


def test_a_job_has_the_memory_that_the_judges_own_limits_let_it_take():
    """A container over its limit ends as a whole, with what its other jobs have graded."""
    from course_tools.grading import judge
    from course_tools.grading.sandbox.jail import TEMP_MIB, Limits

    container = read("kubernetes/grading-job.yaml")["spec"]["template"]["spec"]["containers"][0]
    args = container["args"]
    jobs = int(args[args.index("--jobs") + 1])
    job = COMMAND_MIB, OF_A_JOB_MIB, judge.MEMORY // MIB, Limits().memory // MIB + TEMP_MIB
    command, *of_a_job = job
    memory = container["resources"]
    limit = int(memory["limits"]["memory"].removesuffix("Gi")) * 1024
    assert command + jobs * sum(of_a_job) <= 0.95 * limit  # between two looks a student's grows
    assert memory["requests"]["memory"] == memory["limits"]["memory"]
    text = (DEPLOY / "kubernetes/grading-job.yaml").read_text(encoding="utf-8")
    assert f"{sum(of_a_job):,} MiB" in text


def test_the_volume_and_the_pod_for_files_are_valid_and_are_the_jobs():
    claim, pod = read_all("kubernetes/grading-files.yaml")
    job = read("kubernetes/grading-job.yaml")["spec"]["template"]["spec"]
    for document in (claim, pod):
        validate(document)
    volumes = (job["volumes"][0], pod["spec"]["volumes"][0])
    names = {volume["persistentVolumeClaim"]["claimName"] for volume in volumes}
    assert names == {claim["metadata"]["name"]}
    assert pod["spec"]["imagePullSecrets"] == job["imagePullSecrets"]
    assert not pod["spec"]["automountServiceAccountToken"]
    (files,), (grade,) = pod["spec"]["containers"], job["containers"]
    assert files["image"] == grade["image"]
    assert files["volumeMounts"][0] == grade["volumeMounts"][0]
    same = ("runAsNonRoot", "runAsUser", "fsGroup")
    assert [pod["spec"]["securityContext"][key] for key in same] == [
        job["securityContext"][key] for key in same
    ]


@pytest.mark.parametrize(
    ("which", "path", "value"),
    [
        (0, "spec.accessMode", ["ReadWriteOnce"]),
        (0, "spec.resources.requests", "10 GB"),
        (1, "spec.containers.0.volumeMount", []),
        (1, "spec.securityContext.seccompProfil", {}),
    ],
)
def test_a_planted_error_in_the_volume_and_its_pod_is_refused(which, path, value):
    with pytest.raises(Exception) as error:
        validate(changed(read_all("kubernetes/grading-files.yaml")[which], path, value))
    assert type(error.value).__module__.startswith(("kubernetes_validate", "jsonschema"))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_the_page_takes_the_grading_from_the_image_to_the_results(page):
    """Each step is there, after what it needs, and in the namespace of the hub."""
    lines = commands(page)
    job = read("kubernetes/grading-job.yaml")["spec"]["template"]["spec"]
    image, (secret,) = job["containers"][0]["image"], job["imagePullSecrets"]
    steps = [
        f"docker build -f deploy/kubernetes/grading.Dockerfile -t {image} .",
        f"docker push {image}",
        f"kubectl create secret docker-registry {secret['name']} ",
        "kubectl apply --namespace triad --filename deploy/kubernetes/grading-files.yaml",
        "kubectl wait --namespace triad --for=condition=Ready ",
        "tar cf - -C SUBMISSIONS . | kubectl exec ",
        "kubectl delete --namespace triad pod/class-files",
        "kubectl create --namespace triad --filename deploy/kubernetes/grading-job.yaml",
        "kubectl wait --namespace triad --for=condition=Complete ",
        "kubectl exec --namespace triad class-files -- tar cf - -C /class out courses | tar xf - ",
    ]
    places = [next((n for n, line in enumerate(lines) if line.startswith(step)), -1)
              for step in steps]  # fmt: skip
    assert -1 not in places and places == sorted(places), dict(zip(steps, places, strict=True))
    used = [line for line in lines if "kubectl" in line]
    assert used and all("--namespace triad" in line for line in used)


def against_baseline(pod: dict) -> set[str]:
    """Settings that the Pod Security policy "baseline" refuses, before 1.35 and from it on."""
    apparmor = pod.get("securityContext", {}).get("appArmorProfile", {}).get("type")
    masks = {c["securityContext"].get("procMount") for c in pod["containers"]} - {None, "Default"}
    found = {f"appArmorProfile: {apparmor}"} if apparmor == "Unconfined" else set()
    return found | {f"procMount: {mask}" for mask in masks}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_the_page_names_what_a_namespaces_policy_refuses_and_the_label_that_permits_it(page):
    job = read("kubernetes/grading-job.yaml")["spec"]["template"]["spec"]
    _, pod = read_all("kubernetes/grading-files.yaml")
    text = page.read_text(encoding="utf-8")
    refused = against_baseline(job)
    assert len(refused) == 2 and not against_baseline(pod["spec"])
    assert all(f"`{setting}`" in text for setting in refused)
    label = "kubectl label namespace triad pod-security.kubernetes.io/enforce=privileged"
    assert f"`{label}`" in text
    assert job["hostUsers"] is False and "NFS" in next(
        line for line in text.splitlines() if "ext4" in line
    )


def test_a_sheets_time_survives_the_way_onto_the_volume(tmp_path):
    """Which attempt is the last is told by the times of files."""
    (copy,) = {line for line in commands(PAGES[0]) if line.startswith("tar cf - -C SUBMISSIONS")}
    sheet = tmp_path / "SUBMISSIONS/ann/exercise.ipynb"
    sheet.parent.mkdir(parents=True)
    sheet.write_text("{}", encoding="utf-8")
    os.utime(sheet, (1_700_000_000, 1_700_000_000))
    (tmp_path / "class/submissions").mkdir(parents=True)
    in_the_pod = re.sub(r"kubectl exec .*? -- ", "", copy).replace("/class", "class")
    subprocess.run(in_the_pod, shell=True, check=True, cwd=tmp_path)
    arrived = tmp_path / "class/submissions/ann/exercise.ipynb"
    assert arrived.stat().st_mtime == 1_700_000_000


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
    "add_key", "adjtimex", "bpf", "clock_adjtime", "clock_adjtime64", "clock_settime", "clone3",
    "delete_module", "finit_module", "fsopen", "init_module", "io_uring_setup", "kexec_load",
    "keyctl", "kcmp", "mbind", "mount_setattr", "move_mount", "name_to_handle_at",
    "open_by_handle_at", "open_tree", "perf_event_open", "pidfd_getfd", "process_vm_readv",
    "process_vm_writev", "ptrace", "reboot", "request_key", "set_mempolicy", "settimeofday",
    "swapon", "syslog", "userfaultfd", "vmsplice",
}  # fmt: skip


def test_the_profile_allows_what_the_walls_need_and_nothing_that_nobody_does():
    profile = read("kubernetes/triad-grading-seccomp.json")
    allowed = {n for r in profile["syscalls"] for n in r["names"] if "args" not in r}
    assert profile["defaultAction"] == "SCMP_ACT_ERRNO" and allowed >= WALLS
    assert not allowed & NEVER
    known = {"names", "action", "args"}  # containerd reads the runtime's own form, and no other key
    assert all(set(rule) <= known for rule in profile["syscalls"])
    assert set(profile) == {"defaultAction", "defaultErrnoRet", "architectures", "syscalls"}


NO_FAMILIES = (38, 40)  # AF_ALG, AF_VSOCK: containerd refuses them as well


def opens(profile: dict, family: int) -> bool:
    """Does the profile allow socket(FAMILY)?  Rules about one call are alternatives."""
    compare = {"LT": int.__lt__, "EQ": int.__eq__, "GT": int.__gt__, "NE": int.__ne__}
    rules = [rule for rule in profile["syscalls"] if "socket" in rule["names"]]
    conditions = [rule.get("args", []) for rule in rules]
    return any(
        all(a["index"] or compare[a["op"][-2:]](family, a["value"]) for a in args)
        for args in conditions
    )


def test_the_profile_opens_no_way_to_the_host_that_containerd_keeps_shut():
    profile = read("kubernetes/triad-grading-seccomp.json")
    assert not any(opens(profile, family) for family in NO_FAMILIES)
    assert all(opens(profile, family) for family in (1, 2, 10, 16, 17))
    (before,) = [r for r in profile["syscalls"] if r["names"] == ["socket"]][:1]
    planted = changed(profile, "syscalls", [changed(before, "args.0.op", "SCMP_CMP_NE")])
    assert opens(planted, 40)


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


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_the_chart_is_the_images_on_the_page_and_in_ci(page):
    pins = (ROOT / "constraints.txt").read_text(encoding="utf-8")
    hub = re.search(r"^jupyterhub==(\d+\.\d+)", pins, re.MULTILINE)[1]
    ci = (ROOT / ".github/workflows/ci.yml").read_text(encoding="utf-8")
    lines = [*commands(page), *ci.splitlines()]
    helm = [line for line in lines if re.search(r"helm (upgrade|pull)", line)]
    versions = [re.findall(r"--version (\S+)", line) for line in helm]
    assert len(helm) == 2 and versions[0] == versions[1], helm
    assert CHARTS[versions[0][0]] == hub


def let_through(patterns: list[str], path: str) -> bool:
    """Does a builder get PATH?  The last pattern that fits it, or a folder above it, decides."""
    above = [Path(path), *Path(path).parents][:-1]
    kept = True
    for pattern in patterns:
        glob = pattern.removeprefix("!").removeprefix("**/")
        anywhere = "**/" in pattern
        fits = (
            fnmatch.fnmatch(p.name, glob) if anywhere else fnmatch.fnmatch(p.as_posix(), glob)
            for p in above
            if anywhere or p.as_posix().count("/") == glob.count("/")
        )
        if any(fits):
            kept = pattern.startswith("!")
    return kept


def image() -> set[str]:
    """The names at the top of the checkout that the grading image gets."""
    lines = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    patterns = [line for line in lines if line and not line.startswith("#")]
    planted = {"OUT", "SUBMISSIONS", "RESULTS", "transformer-triad", "courses", "my", ".git"}
    names = {path.name for path in ROOT.iterdir()} | planted
    return {name for name in names if let_through(patterns, f"{name}/inside.txt")}


def test_a_class_that_lies_in_the_checkout_reaches_no_image():
    """Answers and marks, for one: the image is built where a course lies, and is pushed."""
    licenses = {path.name for path in ROOT.glob("LICENSE*")}
    needed = {"README.md", "constraints.txt", "pyproject.toml", "exercises", "lessons"}
    assert image() == licenses | needed | {"solutions", "src"}


def test_the_patterns_of_dockerignore_are_read_as_builders_read_them():
    patterns = ["*", "!src", "!LICENSE*", "**/__pycache__", "**/*.egg-info"]
    kept = ("src/a.py", "src/deep/b.toml", "LICENSE", "LICENSE-CC.txt")
    left = ("OUT/a", "src/deep/__pycache__/a.pyc", "src/x.egg-info/PKG-INFO", "srcs", "a/src")
    assert all(let_through(patterns, path) for path in kept)
    assert not any(let_through(patterns, path) for path in left)
    assert let_through([".git", "**/my"], "OUT/grades.csv")  # what was let through before


def over(defaults: object, values: object) -> object:
    """What Helm makes of a chart's defaults and ours."""
    if not (isinstance(defaults, dict) and isinstance(values, dict)):
        return values
    return defaults | {key: over(defaults.get(key), value) for key, value in values.items()}


@pytest.mark.skipif(not CHART, reason="TRIAD_CHART names no unpacked chart")
def test_the_chart_takes_the_values_and_renders_valid_objects(tmp_path):
    import jsonschema
    import kubernetes_validate

    values, chart = read("kubernetes/values.yaml"), Path(CHART)
    about = yaml.safe_load((chart / "Chart.yaml").read_text(encoding="utf-8"))
    assert about["appVersion"].startswith((*CHARTS.values(),))
    assert about["version"] in (*CHARTS, "0.0.1-set.by.chartpress")  # the second: its source
    values = over(values, own_yaml(PAGES[0]))
    own = next(chart.glob("values.schema.*"))  # YAML in its source, JSON where it is packed
    texts = (own, chart / "values.yaml")
    schema, defaults = (yaml.safe_load(text.read_text(encoding="utf-8")) for text in texts)
    jsonschema.validate(over(defaults, values), schema)
    for path, value in (("singleuser.memory.garantee", "1G"), ("cull.timeout", "an hour")):
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate(over(defaults, changed(values, path, value)), schema)
    if not (helm := shutil.which("helm")):
        pytest.skip("needs Helm, to render the chart")
    ours, login = ROOT / "deploy/kubernetes/values.yaml", tmp_path / "own.yaml"
    command = [helm, "template", "triad", chart, "--namespace", "triad", "--values", ours]
    command += ["--values", login]
    assert subprocess.run(command, capture_output=True).returncode  # before own.yaml is there
    login.write_text(yaml.safe_dump(own_yaml(PAGES[0])), encoding="utf-8")
    rendered = subprocess.run(command, check=True, capture_output=True).stdout
    objects = [found for found in yaml.safe_load_all(rendered) if found]
    assert {"Deployment", "Service", "NetworkPolicy"} <= {found["kind"] for found in objects}
    for found in objects:
        kubernetes_validate.validate(found, KUBERNETES, strict=True)


# --- what a server needs ----------------------------------------------------------------------


def faults_of_a_server(page: str) -> list[str]:
    """What the page has somebody with root type that fails, or is lost, on a stock server."""
    lines = page.splitlines()
    found = ["no device"] * (not is_before("sudo modprobe zram", "/sys/block/zram0", lines))
    kept = re.search(r"zram-generator\.conf`.*\n\n```ini\n\[zram0\]\nzram-size = (\d+)\n", page)
    size = re.search(r"echo (\d+)G \|", page)
    found += ["gone at the next start"] * (not kept or int(kept[1]) != 1024 * int(size[1]))
    venv = next(line for line in lines if "-m venv /opt/triad/python" in line)
    found += ["a Python that nobody reads"] * ("umask 022" not in venv)
    collected = next(line for line in lines if "start.py collect HOMES" in line)
    found += ["homes that nobody reads"] * (not collected.startswith("sudo "))
    return found + ["nobody's log-in"] * ("`--home-prefix jupyter-`" not in page)


def is_before(first: str, second: str, lines: list[str]) -> bool:
    where = [
        next((n for n, line in enumerate(lines) if word in line), -1) for word in (first, second)
    ]
    return 0 <= where[0] < where[1]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_what_somebody_with_root_types_works_on_a_stock_server(page):
    text = page.read_text(encoding="utf-8")
    assert faults_of_a_server(text) == []
    for planted in ("sudo modprobe zram\n", "zram-size = 16384", "umask 022 && ", "sudo python"):
        assert len(faults_of_a_server(text.replace(planted, ""))) == 1, planted


def test_yaml_and_settings_are_the_same_in_all_languages():
    for lang in ("yaml", "ini"):
        assert len({"".join(fences(page, lang)) for page in PAGES}) == 1


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


@pytest.fixture
def tljh(tmp_path):
    """A machine with a hub: its Python, and a function that runs the recipe there."""
    if os.name == "nt" or not shutil.which("bash"):
        pytest.skip("needs bash")
    venv, python = tmp_path / "user", tmp_path / "python"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", venv], check=True)
    (site,) = venv.glob("lib/python*/site-packages")
    packages = Path(importlib.util.find_spec("filelock").origin).parents[1]
    (site / "lent.pth").write_text(f"{packages}\n{ROOT / 'src'}\n", encoding="utf-8")
    # a pip that only pretends; FAILS: at which word after -m pip, or "-", this Python fails
    python.write_text(
        '#!/bin/sh\ncase " $* " in *" ${FAILS:-nothing} "*) exit 7;; esac\n'
        f'[ "$1 $2" = "-m pip" ] && exit 0\nexec {venv}/bin/python "$@"\n',
        encoding="utf-8",
    )
    python.chmod(0o755)

    def install(edition: Path, umask: int = 0o022, **more: str) -> subprocess.CompletedProcess:
        env = os.environ | {"TLJH_PYTHON": str(python), "TRIAD_COURSE": str(place)} | more
        command = ["bash", str(DEPLOY / "tljh/install.sh"), edition]
        return subprocess.run(command, env=env, umask=umask, capture_output=True, encoding="utf-8")

    place = tmp_path / "opt/triad/course"
    return SimpleNamespace(install=install, venv=venv, course=place)


def lesson_of(folder: Path) -> str:
    return (folder / "notebooks/ja/01_attention.ipynb").read_text(encoding="utf-8")


def test_the_recipe_for_tljh_installs_updates_and_refuses_solutions(tljh, tmp_path):
    for text in ("one", "two"):
        edition = course(tmp_path / text, text)
        assert tljh.install(edition, TRIAD_NO_PIP="1").returncode == 0
        assert lesson_of(tljh.course) == text
    assert (tljh.venv / "etc/jupyter/jupyter_server_config.py").is_file()
    kernel = json.loads((tljh.venv / "etc/ipython/ipython_kernel_config.json").read_text())
    assert kernel["IPKernelApp"]["extensions"] == ["helpers.classroom.kernel"]
    (edition / "solutions").mkdir()
    refused = tljh.install(edition)
    assert refused.returncode == 1 and "solutions/" in refused.stderr


@pytest.mark.parametrize("fails", ["wheel", "install", "-"])
def test_an_update_that_fails_leaves_what_was_there(tljh, tmp_path, fails):
    """Students on the new course with the old packages would find neither working."""
    assert tljh.install(course(tmp_path / "one", "one")).returncode == 0
    two = course(tmp_path / "two", "two")
    assert tljh.install(two, FAILS=fails).returncode == 7
    assert lesson_of(tljh.course) == "one"
    assert [path.name for path in tljh.course.parent.iterdir()] == ["course"]
    assert tljh.install(two).returncode == 0 and lesson_of(tljh.course) == "two"


def test_an_update_that_was_killed_is_taken_back_by_the_next(tljh, tmp_path):
    assert tljh.install(course(tmp_path / "one", "one")).returncode == 0
    tljh.course.rename(f"{tljh.course}.before")  # killed between the two moves
    assert tljh.install(course(tmp_path / "two", "two"), FAILS="wheel").returncode == 7
    assert lesson_of(tljh.course) == "one"


def test_students_can_read_the_course_whatever_roots_umask_is(tljh, tmp_path):
    edition = course(tmp_path / "one", "one")
    for path in (edition, *edition.rglob("*")):
        path.chmod(0o700 if path.is_dir() else 0o600)
    assert tljh.install(edition, umask=0o077).returncode == 0
    parents = [tljh.course.parent, tljh.course.parent.parent]
    for path in (*parents, *tljh.course.rglob("*"), *(tljh.venv / "etc").rglob("*")):
        assert path.stat().st_mode & 0o005 == (0o005 if path.is_dir() else 0o004), path
