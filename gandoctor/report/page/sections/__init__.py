"""The page's sections, one module and one template each; a module in this folder is a section of the page."""

from __future__ import annotations

import pkgutil
from functools import cache
from importlib import import_module

from gandoctor.report.page.section import Section


@cache
def all_sections() -> tuple[Section, ...]:
    """Return every section, in the order of the page."""
    modules = [import_module(f"{__name__}.{module.name}") for module in pkgutil.iter_modules(__path__)]
    found: list[Section] = [module.SECTION for module in modules]
    return tuple(sorted(found, key=lambda section: section.place))
