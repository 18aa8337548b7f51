"""What integrations with keys and logins give to a whole run: files that ssh takes, git that asks nobody."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from tests.runner_command import Project
from tests.triggers.https_repositories import PASSWORD, USER, https_server
from tests.triggers.repositories import Repository


@pytest.fixture
def project(tmp_path: Path) -> Project:
    project = Project(tmp_path)
    subprocess.run(
        ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "me", "-f", project.directory / "id"], check=True
    )
    project.integrations("""
        - {name: deploy keys, type: sshKey, publicKey: {file: ../id.pub}, privateKey: {file: ../id}}
        - {name: pem, type: PEM key, key: {file: ../id}}
        - {name: shop, type: gitCredential, host: git.example.com, port: 8443, username: me@x, password: "p:a/s@s"}
        - {name: hub, type: github, url: "https://api.github.com", token: ghp_secret}
    """)
    return project


def test_keys_are_files_of_the_build_that_ssh_reads_and_no_log_shows(project: Project) -> None:
    project.write("""
        resources:
          - {name: my-key.1, type: integration, integration: deploy keys}
          - {name: out-key, type: integration, integration: pem}
        jobs:
          - name: a
            type: runSh
            integrations: [pem, deploy keys]
            steps:
              - IN: my-key.1
              - OUT: out-key
              - TASK:
                  script:
                    - for key in "$MYKEY1_KEYPATH" "$DEPLOYKEYS_PRIVATE_KEY_PATH" "$PEM_KEYPATH" "$OUTKEY_KEYPATH"; do
                        echo "$(stat -c %a "$key") ${key#$BUILD_DIR/}"; ssh-keygen -y -f "$key" >>shared/public; done
                    - echo "$(stat -c %a "$MYKEY1_PUBLIC_KEY_PATH") ${MYKEY1_PUBLIC_KEY_PATH#$BUILD_DIR/}"
                    - test "$DEPLOYKEYS_KEYPATH" = "$DEPLOYKEYS_PRIVATE_KEY_PATH"
                    - sort -u shared/public | wc -l
                    - env | grep GIT_ || ls secrets
                    - cat "$PEM_KEYPATH"; sed -n 2p "$PEM_KEYPATH"; base64 "$PEM_KEYPATH"
    """)
    said = project.run()
    assert said.code == 0, said
    told = said.messages("a")
    assert told[:7] == [
        "600 IN/my-key.1/my-key.1_key",
        "600 integrations/deploy keys/deploy keys_key",
        "600 integrations/pem/pem_key.pem",
        "600 OUT/out-key/out-key_key.pem",
        "600 IN/my-key.1/my-key.1_key.pub",
        "1",
        "aws_config",
    ]
    assert set(told[7:]) == {"****"}
    secret = (project.directory / "id").read_text().splitlines()[1]
    found = [path for path in project.directory.rglob("*") if path.is_file() and secret.encode() in path.read_bytes()]
    assert found == [project.directory / "id"]


def test_git_in_a_script_has_the_logins_of_the_job_for_their_own_hosts(project: Project) -> None:
    project.write("""
        resources:
          - {name: hub, type: integration, integration: hub}
        jobs:
          - name: a
            type: runSh
            integrations: [shop]
            steps:
              - IN: hub
              - TASK:
                  script:
                    - git config --global credential.helper store
                    - export GIT_TERMINAL_PROMPT=0 GIT_ASKPASS=
                    - |
                      fill() { printf 'protocol=%s\\nhost=%s\\n\\n' "$@" | git credential fill; }
                      same() { [ "$(fill "$1" "$2" | tail -n 2)" = "username=$3
                      password=$4" ] && echo "$2 $3"; }
                      same https git.example.com "$SHOP_INTEGRATION_USERNAME" "$SHOP_INTEGRATION_PASSWORD"
                      same https git.example.com:8443 "$SHOP_INTEGRATION_USERNAME" "$SHOP_INTEGRATION_PASSWORD"
                      same https github.com x-access-token "$HUB_INTEGRATION_TOKEN"
                      for other in https://evil.example http://github.com https://github.com:8443; do
                        fill "${other%://*}" "${other#*://}" 2>&1 | head -n 1
                      done
                    - fill https github.com | git credential approve
                    - fill https github.com | git credential reject
                    - stat -c %a secrets/git_credentials; fill https github.com >shared/again
                    - test ! -e ~/.git-credentials && echo clean
    """)
    said = project.run()
    assert said.code == 0, said
    assert said.messages("a") == [
        "git.example.com me@x",
        "git.example.com:8443 me@x",
        "github.com x-access-token",
        *(
            f"fatal: could not read Username for '{other}': terminal prompts disabled"
            for other in ("https://evil.example", "http://github.com", "https://github.com:8443")
        ),
        "600",
        "clean",
    ]


def test_a_script_clones_over_https_with_submodules_and_without_a_word_about_a_login(tmp_path: Path) -> None:
    project = Project(tmp_path)
    with https_server(tmp_path) as server:
        inner, outer = Repository(tmp_path / "inner"), Repository(tmp_path / "outer")
        inner.commit(files={"a": "from inside"})
        outer.git("-c", "protocol.file.allow=always", "submodule", "-q", "add", inner.place.as_uri(), "inner")
        outer.git("config", "--file", ".gitmodules", "submodule.inner.url", f"{server.url}/inner.git")
        outer.commit()
        for repository in (inner, outer):
            bare = server.place / f"{repository.place.name}.git"
            repository.git("clone", "--quiet", "--bare", str(repository.place), str(bare))
            Repository.at(bare).git("update-server-info")
        project.integrations(f"""
            - name: shop
              type: gitCredential
              host: localhost
              port: {server.port}
              username: {USER}
              password: {json.dumps(PASSWORD)}
        """)
        project.write(f"""
            jobs:
              - name: a
                type: runSh
                integrations: [shop]
                steps:
                  - TASK:
                      runtime: {{options: {{env: [{{GIT_SSL_CAINFO: {server.certificate}}}]}}}}
                      script:
                        - git config --global credential.helper store
                        - git clone -q --recurse-submodules {server.url}/outer.git shared/outer
                        - cat shared/outer/inner/a
                        - git -C shared/outer config remote.origin.url
                        - test ! -e ~/.git-credentials
        """)
        said = project.run()
    assert said.code == 0, said
    assert said.messages("a")[-2:] == ["from inside", f"{server.url}/outer.git"]
