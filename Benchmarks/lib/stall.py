"""A show on air that sells one lamp of which there is plenty, and what can be read of the server meanwhile."""

import re
import urllib.request


def open_stall(server):
    """Gives the body of an order for one lamp."""
    server.set_up()
    lamp = server.ask("POST", "/api/v1/channels/bench/products", {
        "title": "Brass lamp", "variants": [{"sku": "LAMP-1", "prices": {"IN": 129900}, "onHand": 1000000000}]})
    show, _ = server.show("Lamps")
    server.ask("PUT", f"/api/v1/shows/{show}/run", {"products": [lamp["id"]]})
    server.go_live(show)
    cards = server.ask("GET", f"/api/v1/shows/{show}/products?market=IN")["items"]
    return {
        "show": show, "market": "IN",
        "lines": [{"offer": cards[0]["variants"][0]["offer"]["id"], "quantity": 1}],
        "buyer": {"name": "Asha Rao", "email": "buyer00000000@example.com", "phone": "+91 98765 43210", "address": {
            "line1": "12 Brigade Road", "city": "Bengaluru", "region": "KA", "postalCode": "560001",
            "country": "IN"}}}


def metric(server, name):
    with urllib.request.urlopen(server.url + "/metrics", timeout=30) as answer:
        text = answer.read().decode()
    return float(re.search(rf"^{name} (\S+)", text, re.MULTILINE).group(1))
