"""Holds a manifest against Kubernetes' schema, copies with mistakes too, and runs its command line with the program: validate.py MANIFEST CARDHUSH"""

import copy
import os
import pathlib
import subprocess
import sys
import tempfile

import kubernetes_validate
import yaml

VERSIONS = ("1.29", "1.35")
"""The first in which all that the Job uses is on without a feature gate, and a later one."""


def wrong(documents):
    """What the schemas say against a manifest: fields that they do not know, too."""
    said = []
    for version in VERSIONS:
        for document in documents:
            try:
                kubernetes_validate.validate(document, version, strict=True)
            except (kubernetes_validate.ValidationError, kubernetes_validate.InvalidSchemaError) as error:
                said.append(f"{version}: {document['kind']}: {error.message}")
    return said


def mistakes(documents):
    """Copies of a manifest, each with one mistake, under the words for it."""
    made = {}

    def with_mistake(what, change):
        made[what] = copy.deepcopy(documents)
        claim, job = made[what]
        change(claim, job)

    with_mistake("an unknown field of the job", lambda claim, job: job["spec"].update(backoffLimitPerIndx=2))
    with_mistake("an unknown field of a container", lambda claim, job: scrub(job).update(securityContxt={}))
    with_mistake("an unknown field of the claim", lambda claim, job: claim["spec"].update(accessMode="ReadWriteMany"))
    with_mistake("a number as text", lambda claim, job: job["spec"].update(completions="8"))
    with_mistake("a variable that is a number", lambda claim, job: scrub(job)["env"].append({"name": "SHARDS", "value": 8}))
    with_mistake("a rule without its action", lambda claim, job: job["spec"]["podFailurePolicy"]["rules"][0].pop("action"))
    with_mistake("no containers", lambda claim, job: job["spec"]["template"]["spec"].pop("containers"))
    return made


def scrub(job):
    (container,) = job["spec"]["template"]["spec"]["containers"]
    return container


def commands(job, folder):
    """The command line of each pod, as its shell makes it; told by a `cardhush` that prints what it is given."""
    tells = folder / "cardhush"
    tells.write_text('#!/bin/sh\nprintf "%s\\n" "$@"\n')
    tells.chmod(0o755)
    container = scrub(job)
    env = {"PATH": f"{folder}:{os.environ['PATH']}", **{one["name"]: one["value"] for one in container["env"]}}
    for index in range(job["spec"]["completions"]):
        run = [*container["command"], *container["args"]]
        yield subprocess.run(run, env={**env, "JOB_COMPLETION_INDEX": str(index)}, stdout=subprocess.PIPE, text=True, check=True).stdout.splitlines()


def main(manifest, cardhush):
    documents = list(yaml.safe_load_all(pathlib.Path(manifest).read_text()))
    claim, job = documents
    said = wrong(documents)
    assert not said, said
    for what, broken in mistakes(documents).items():
        said = wrong(broken)
        assert len(said) == len(VERSIONS), f"{what}: {said}"
        print(f"refused, {what}: {said[0]}")
    pod, shards = job["spec"]["template"]["spec"], job["spec"]["completions"]
    for container in pod["initContainers"] + pod["containers"]:
        limits = container["securityContext"]
        assert limits["readOnlyRootFilesystem"] and limits["capabilities"]["drop"] == ["ALL"] and not limits["allowPrivilegeEscalation"], container["name"]
        mounted = {one["name"] for one in container["volumeMounts"]}
        assert mounted <= {one["name"] for one in pod["volumes"]}, container["name"]
    names = {one["containerName"] for one in (rule.get("onExitCodes") for rule in job["spec"]["podFailurePolicy"]["rules"]) if one}
    assert names == {scrub(job)["name"]}
    with tempfile.TemporaryDirectory() as folder:
        told = list(commands(job, pathlib.Path(folder)))
    assert [run[run.index("--shard") + 1] for run in told] == [f"{number}/{shards}" for number in range(1, shards + 1)], told
    assert len({run[run.index("--ledger") + 1] for run in told}) == shards, "a ledger a shard"
    # The program knows the options: it comes as far as the key, which is not there.
    for run in (told[0], [*told[0], "--unknown"]):
        ran = subprocess.run([cardhush, *run], stderr=subprocess.PIPE, text=True)
        known = "/key/ledger.key" in ran.stderr and ran.returncode == 2 or "built without object stores" in ran.stderr and ran.returncode == 64
        assert known == ("--unknown" not in run), (run, ran.returncode, ran.stderr)
    print(f"{manifest}: as Kubernetes {' and '.join(VERSIONS)} have it; {shards} pods, a shard each")


if __name__ == "__main__":
    main(*sys.argv[1:])
