"""The form for a new version of a certificate: the whole policy and the version's own parts; only changes are sent."""

from vaults.actions.certificates import VersionWanted
from vaults.forms.fields import TagsField
from vaults.forms.offered_fields import SwitchedField
from vaults.forms.policy_form import LIFETIME, PolicyForm

#: Parts of the version itself, independent of its policy.
OF_THE_VERSION = frozenset({"preserve_cert_order", "enabled", "tags"})


class CertificateVersionForm(PolicyForm):
    """The policy's parts, and those of the version. The vault may not return the order of the chain: then it has no field."""

    preserve_cert_order = SwitchedField(label="The chain stays in the order in which the CA sends it")
    enabled = SwitchedField(label="The new version can be used")
    tags = TagsField()

    not_always = (*LIFETIME, "preserve_cert_order")
    of_the_version = OF_THE_VERSION

    def wanted(self) -> VersionWanted:
        """The wanted differences from the present version."""
        cleaned = {name: self.cleaned_data[name] for name in self.changed_data}
        return VersionWanted(
            self.policy_changes(), cleaned.get("tags"), cleaned.get("enabled"), cleaned.get("preserve_cert_order")
        )
