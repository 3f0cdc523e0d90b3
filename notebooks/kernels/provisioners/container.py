"""The provisioner of kernels in containers of Docker or Podman."""

from notebooks.kernels.provisioners.base import SandboxProvisioner


class ContainerProvisioner(SandboxProvisioner):
    """Nothing is special: the engine binds the socket folder at its own place."""
