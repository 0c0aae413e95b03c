"""One headless Chromium, driven by chromedriver over W3C WebDriver. Standard library only."""

import json
import re
import subprocess
import urllib.error
import urllib.request
from contextlib import contextmanager


class Browser:
    def __init__(self, *arguments):
        self.driver = subprocess.Popen(["chromedriver", "--port=0"], stdout=subprocess.PIPE, text=True)
        for line in self.driver.stdout:
            found = re.search(r"successfully on port (\d+)\.", line)
            if found:
                self.port = found[1]
                break
        options = {"args": ["--headless=new", "--no-sandbox", "--disable-gpu", "--mute-audio",
                            "--window-size=1280,900", *arguments]}
        capabilities = {"browserName": "chrome", "goog:chromeOptions": options, "timeouts": {"script": 120_000}}
        session = self._ask("POST", "session", {"capabilities": {"alwaysMatch": capabilities}})
        self.session = f"session/{session['sessionId']}"

    def open(self, url):
        self._ask("POST", f"{self.session}/url", {"url": url})

    def run(self, script, *arguments):
        """Runs a function body in the page; a promise it returns is awaited."""
        return self._ask("POST", f"{self.session}/execute/sync", {"script": script, "args": list(arguments)})

    def chromium(self, command, parameters):
        """A command of the Chrome DevTools Protocol."""
        return self._ask("POST", f"{self.session}/goog/cdp/execute", {"cmd": command, "params": parameters})

    @contextmanager
    def another_tab(self):
        """Covers the tab with another, and comes back to it."""
        tab = self._ask("GET", f"{self.session}/window")
        other = self._ask("POST", f"{self.session}/window/new", {"type": "tab"})["handle"]
        self._ask("POST", f"{self.session}/window", {"handle": other})
        try:
            yield
        finally:
            self._ask("DELETE", f"{self.session}/window")
            self._ask("POST", f"{self.session}/window", {"handle": tab})

    def close(self):
        try:
            self._ask("DELETE", self.session)
        finally:
            self.driver.terminate()
            self.driver.wait()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def _ask(self, method, path, body=None):
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.port}/{path}", method=method, headers={"Content-Type": "application/json"},
            data=None if body is None else json.dumps(body).encode())
        try:
            with urllib.request.urlopen(request, timeout=150) as answer:
                return json.load(answer)["value"]
        except urllib.error.HTTPError as error:
            raise RuntimeError(json.load(error)["value"]["message"]) from None
