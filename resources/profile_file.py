"""The file of a profile: where it is found and how its YAML is read. What stands in it is for `resources.profile`."""

from pathlib import Path
from typing import Any

import yaml

from resources.errors import SettingError

SHIPPED = Path(__file__).parent / "profiles"


def profile_text(name_or_file: str) -> tuple[str, str]:
    """Text and origin of a shipped profile or of a file of the user's.

    Raises:
        SettingError: There is no such profile and no such file.
    """
    shipped = SHIPPED / f"{name_or_file}.yaml"
    if "/" not in name_or_file and shipped.is_file():
        return shipped.read_text(), f"profile {name_or_file}"
    path = Path(name_or_file)
    if not path.is_file():
        raise SettingError(
            f"There is no profile {name_or_file!r}.",
            hint=f"Shipped profiles: {', '.join(shipped_profiles())}; or give the path of a YAML file.",
        )
    try:
        return path.read_text(encoding="utf-8"), str(path)
    except UnicodeDecodeError as error:
        raise SettingError(f"{path} is not a UTF-8 text file.", hint="Give the path of a YAML file.") from error


def shipped_profiles() -> list[str]:
    """Names of the profiles that come with the project."""
    return sorted(path.stem for path in SHIPPED.glob("*.yaml"))


def strict_yaml(text: str) -> Any:
    """What a YAML document holds.

    Raises:
        yaml.YAMLError: It is none, or a mapping gives a key twice.
    """
    return yaml.load(text, _StrictLoader)  # noqa: S506 - a SafeLoader


class _StrictLoader(yaml.SafeLoader):
    """Refuses a key that is given twice, of which YAML would silently take the last."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        """Build a mapping of keys that are all different."""
        seen: set[Any] = set()
        for key_node, _ in node.value:
            key = self.construct_object(key_node, deep=True)
            if key in seen:
                raise yaml.constructor.ConstructorError(
                    None, None, f"the key {key!r} is given twice", key_node.start_mark
                )
            seen.add(key)
        return super().construct_mapping(node, deep)
