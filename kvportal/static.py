"""Static files under names that contain a digest of their content."""

from whitenoise.storage import CompressedManifestStaticFilesStorage


class StaticFilesStorage(CompressedManifestStaticFilesStorage):  # type: ignore[misc]  # whitenoise has no types
    """Caches each URL: every page uses about 24 of them, and none changes while the process runs."""

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)
        self._addresses: dict[str, str] = {}

    def url(self, name: str | None, force: bool = False) -> str:
        key = name or ""
        if force or key not in self._addresses:
            self._addresses[key] = super().url(name, force)
        return self._addresses[key]
