"""Where carriers show their parcels: the page to follow one on, and to claim it from there."""

from __future__ import annotations

import re
from urllib.parse import quote

#: The carriers' own pages, by their names in lower case and without what is between the letters.
_PAGES = {
    "ups": "https://www.ups.com/track?tracknum={}",
    "usps": "https://tools.usps.com/go/TrackConfirmAction?tLabels={}",
    "fedex": "https://www.fedex.com/fedextrack/?trknbr={}",
    "dhl": "https://www.dhl.com/global-en/home/tracking.html?tracking-id={}",
    "dpd": "https://tracking.dpd.de/status/en_US/parcel/{}",
    "gls": "https://gls-group.eu/track/{}",
    "evri": "https://www.evri.com/track-parcel/{}",
    "royalmail": "https://www.royalmail.com/track-your-item#/tracking-results/{}",
    "laposte": "https://www.laposte.fr/outils/suivre-vos-envois?code={}",
    "colissimo": "https://www.laposte.fr/outils/suivre-vos-envois?code={}",
    "ontrac": "https://www.ontrac.com/tracking/?number={}",
}
#: What carriers are called besides.
_ALSO = {
    "dhlexpress": "dhl",
    "dhlecommerce": "dhl",
    "dhlparcel": "dhl",
    "federalexpress": "fedex",
    "unitedparcelservice": "ups",
    "upsmailinnovations": "ups",
    "uspostalservice": "usps",
    "hermes": "evri",
    "hermesuk": "evri",
    "dpduk": "dpd",
}


def page(carrier: str | None, tracking_number: str | None) -> str | None:
    """Return the address of a parcel's page at its carrier, None for a carrier that is not known."""
    name = re.sub(r"[^a-z]", "", (carrier or "").lower())
    address = _PAGES.get(_ALSO.get(name, name))
    return address.format(quote(tracking_number, safe="")) if address and tracking_number else None
