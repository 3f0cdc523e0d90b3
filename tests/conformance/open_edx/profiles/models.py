"""People's profiles."""

from django.contrib.auth.models import User
from django.db import models


class Profile(models.Model):
    """What people say of themselves beside their account."""

    user = models.OneToOneField(User, on_delete=models.CASCADE, related_name="profile")

    def __str__(self) -> str:
        """Return whose it is."""
        return str(self.user)
