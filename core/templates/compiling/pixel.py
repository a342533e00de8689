"""The pixel that counts opens: what compiling puts into every HTML part."""

from __future__ import annotations

ALWAYS_PIXEL = '<img src="{{ pw_pixel }}" width="1" height="1" alt="" style="display:block;border:0;width:1px;height:1px">'
PIXEL = f"{{% if pw_pixel %}}{ALWAYS_PIXEL}{{% endif %}}"  # previews and tests have none
