"""The platform's catalogue of integrations, as its database had it: masterName, fields in its order.

`*` needed, `!` secret, `[]` a list, `{}` an object whose keys are spread.
"""

from __future__ import annotations

from dataclasses import dataclass

CURRENT = """
amazonIamRole        assumeRoleARN* output* url*
amazonKeys           accessKey* secretKey*!
airBrakeKey          url* token*!
artifactoryKey       username* password*! url*
azureDcosKey         username* url* dcosPublicKey dcosPrivateKey!
azureKeys            appId* password*! tenant*
dclKey               username* token* url*
ddcKey               username* password*! url*
DOC                  apiToken*!
dockerRegistryLogin  url username* password*! email*
gcloudKey            JSON_key*
gitCredential        host* port* username* password*!
hipchatKey           token*
jira                 url* username* token*!
joyentTritonKey      username* url* validityPeriod* publicKey privateKey! certificates!
keyValuePair         envs*{}
kubernetesConfig     kubeConfigContent*!
newRelicKey          url* token*!
nodeCluster          nodes*[] publicKey privateKey!
pemKey               key*!
quayLogin            url* username* password*! email* accessToken*
slackKey             webhookUrl*
sshKey               publicKey* privateKey*!
webhookV2            webhookURL* authorization
github               url* token*!
githubEnterprise     url* token*!
gitlab               url* token*!
bitbucket            token*! url*
bitbucketServer      username* url* token*!
bitbucketServerBasic username* password*! url*
gerritBasic          username* password*! url* publicKey privateKey!
"""
DEPRECATED = """
AWS                     aws_access_key_id aws_secret_access_key url
ECR                     aws_access_key_id aws_secret_access_key
AWS_IAM                 assumeRoleARN output url
ACS                     username url
AZURE_DCOS              username url
MAZ                     subscriptionId username password
DCL                     username token
DDC                     username password url
TRIPUB                  username validityPeriod certificates privateKey
Docker                  username password email
Private_Docker_Registry username password email url
Docker_Trusted_Registry username password email url
GCL                     projectName serviceAccountEmail credentialFile
GCR                     JSON_key
GKE                     JSON_key
KUBERNETES              clusterAccessType masterKubeconfigContent bastionKubeconfigContent bastionHostIP \
 bastionPrivateKey bastionPublicKey
CLUSTER                 nodes[] publicKey privateKey
Quay.io                 url username password email accessToken
artifactory             username password url
Slack                   webhookUrl
hipchat                 token
webhook                 project webhookURL authorization
pem-key                 key
ssh-key                 publicKey privateKey
Email                   Address
irc
Jenkins                 url username password
"""


@dataclass(frozen=True, slots=True)
class Row:
    """`fields` maps each field to its marks."""

    name: str
    fields: dict[str, str]

    @classmethod
    def of(cls, line: str) -> Row:
        name, *fields = line.split()
        names = [field.rstrip("*![]{}") for field in fields]
        marks = {name: field.removeprefix(name) for name, field in zip(names, fields, strict=True)}
        return cls(name if name == "AZURE_DCOS" or name == "AWS_IAM" else name.replace("_", " "), marks)

    def having(self, mark: str) -> set[str]:
        return {field for field, marks in self.fields.items() if mark in marks}


ROWS = [Row.of(line) for line in (CURRENT + DEPRECATED).strip().splitlines() if line]
