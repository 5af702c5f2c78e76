"""Takes passwords, keys and tokens out of text before it leaves the process."""

import re

MASK = "‹secret›"

_WHOLE = re.compile(
    r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|\Z)"
    r"|\b(?:sk|pk|rk)[-_](?:[A-Za-z0-9]+[-_])*[A-Za-z0-9_-]{16,}"
    r"|\bgh[pousr]_[A-Za-z0-9]{20,}|\bgithub_pat_\w{20,}|\bglpat-[\w-]{16,}|\bxox[abprs]-[\w-]{10,}"
    r"|\b(?:AKIA|ASIA)[0-9A-Z]{16}\b|\bAIza[\w-]{30,}"
    r"|\beyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*"
    r"|^[ \t]*[A-Za-z0-9+/]{60,}={0,2}$",  # a line of a key whose beginning is out of sight
    re.DOTALL | re.MULTILINE,
)
_ASSIGNED = re.compile(
    r"""(?ix)
    ( \b[\w.-]* (?:passw(?:or)?d|passwd|secret|token|api_?key|access_?key|private_?key|credentials?) [\w-]* ["']? \s*
      (?: :=? | => | = ) \s* (?:[rbf]{0,2}) ["'] )
    [^"'\n]{4,}
    """
)
_UNQUOTED = re.compile(
    r"(?im)^(\s*(?:export\s+)?[A-Z0-9_]*(?:PASSWORD|SECRET|TOKEN|API_?KEY|ACCESS_?KEY)[A-Z0-9_]*=)[^\s\"']{4,}$"
)
_IN_URL = re.compile(r"(?i)\b([a-z][a-z0-9+.-]*://[^\s:/@]+:)[^\s@/]+(?=@)")
_BEARER = re.compile(r"(?i)\b(bearer\s+)[A-Za-z0-9._~+/-]{12,}=*")


def mask_secrets(text: str) -> str:
    """The text with everything that looks like a secret replaced by `MASK`; as many lines as before. Errs on the side
    of masking."""
    text = _WHOLE.sub(lambda found: MASK + "\n" * found.group().count("\n"), text)
    for pattern in (_ASSIGNED, _UNQUOTED, _IN_URL, _BEARER):
        text = pattern.sub(lambda found: found.group(1) + MASK, text)
    return text
