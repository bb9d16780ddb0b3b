"""The pod that the chart's hub would ask Kubernetes for, made of deploy/kubernetes/values.yaml.

KubeSpawner itself makes it, without any cluster.  What the chart's own hub does with
`singleuser` (its jupyterhub_config.py) is a table here, for the keys that we use: another key is
refused, so that none is written that nobody reads.
"""

import asyncio
import os
from types import SimpleNamespace
from typing import Any
from unittest import mock

TRAITS = {
    "defaultUrl": "default_url",
    "startTimeout": "start_timeout",
    "memory.guarantee": "mem_guarantee",
    "memory.limit": "mem_limit",
    "cpu.guarantee": "cpu_guarantee",
    "cpu.limit": "cpu_limit",
    "storage.capacity": "storage_capacity",
    "extraEnv": "environment",
}
NOT_OF_THE_POD = {"image.name", "image.tag", "networkPolicy.egressAllowRules.nonPrivateIPs"}
WHOLE = {"extraEnv"}  # an object that is one value


class Refused(Exception):
    """A value that the hub would not take, or never read."""


def flat(values: dict, before: str = "") -> dict[str, Any]:
    """{"memory.limit": …} of nested values."""
    found: dict[str, Any] = {}
    for key, value in values.items():
        inner = isinstance(value, dict) and before + key not in WHOLE
        found |= flat(value, f"{before}{key}.") if inner else {before + key: value}
    return found


def pod(values: dict, user: str) -> dict:
    """The manifest of USER's pod.  Refused names the value that is wrong."""
    from kubernetes_asyncio.client import ApiClient

    no_cluster = mock.patch("kubespawner.spawner.load_config", mock.Mock())
    with mock.patch.dict(os.environ, {"POD_NAMESPACE": "triad"}), no_cluster:
        manifest = asyncio.run(_manifest(values["singleuser"], user))
    made = ApiClient.__new__(ApiClient)  # only its serializer: no configuration, no connection
    made.configuration = SimpleNamespace(datetime_format="%Y-%m-%dT%H:%M:%S.%fZ")
    return {"apiVersion": "v1", "kind": "Pod"} | made.sanitize_for_serialization(manifest)


async def _manifest(singleuser: dict, user: str) -> Any:
    from jupyterhub.objects import Hub, Server
    from kubespawner import KubeSpawner
    from traitlets import TraitError
    from traitlets.config import Config

    chosen = flat(singleuser)
    if unknown := set(chosen) - set(TRAITS) - NOT_OF_THE_POD:
        raise Refused(f"nobody reads {', '.join(sorted(unknown))}")
    traits = {TRAITS[key]: value for key, value in chosen.items() if key in TRAITS}
    traits["image"] = f"{chosen['image.name']}:{chosen['image.tag']}"
    person = mock.Mock(server=Server(), url=f"/user/{user}", escaped_name=user, id=1)
    person.name = user
    known = {"hub": Hub(ip="192.0.2.1"), "user": person, "_mock": True}
    names = {"api_token": "t", "oauth_client_id": "o"}
    try:
        spawner = KubeSpawner(config=Config(KubeSpawner=traits), **names, **known)
    except (TraitError, ValueError) as error:
        raise Refused(str(error)) from error
    return await spawner.get_pod_manifest()
