"""Amounts of money as whole minor units (ISO 4217). Pure."""

import re
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Any

_ISO = re.compile("[A-Z]{3}")
_BIGGEST = 2**63 - 1
# How many decimals a currency has, where it is not two.
_BY_DECIMALS = {
    0: "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF",
    3: "BHD IQD JOD KWD LYD OMR TND",
    4: "CLF UYW",
}
_DECIMALS = {code: number for number, codes in _BY_DECIMALS.items() for code in codes.split()}


def currency_code(value: Any) -> str:
    """The ISO code that a product sent, in capitals; empty for anything else."""
    code = value.strip().upper() if isinstance(value, str) else ""
    return code if _ISO.fullmatch(code) else ""


def minor_units(amount: Decimal, currency: str) -> int | None:
    """The amount in minor units, halves rounded away from zero; None for more than there is money in the world."""
    try:
        whole = int((amount.scaleb(_DECIMALS.get(currency, 2))).quantize(Decimal(1), ROUND_HALF_UP))
    except InvalidOperation:
        return None
    return whole if abs(whole) <= _BIGGEST else None


def amount_of(minor: int, currency: str) -> Decimal:
    """Minor units as people write them."""
    return Decimal(minor).scaleb(-_DECIMALS.get(currency, 2))
