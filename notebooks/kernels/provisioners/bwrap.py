"""The provisioner of kernels in bubblewrap sandboxes."""

from notebooks.kernels.provisioners.base import SandboxProvisioner


class BwrapProvisioner(SandboxProvisioner):
    """Nothing is special: bwrap shows the socket folder at its own place, to the launch's user."""
