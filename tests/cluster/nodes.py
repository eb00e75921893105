"""Real OpenSearch nodes on this machine, from Maven Central's jars: fetched once, laid out as a distribution, started, killed."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import tempfile
import time
import urllib.request
import zipfile
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

POM = Path(__file__).with_name("pom.xml")
VERSION = ET.parse(POM).findtext(".//{*}opensearch", "")
NOBODY = 65534
"""The server refuses to run as root: then it runs as this user."""
HEAP = "512m"
START_SECONDS = 300
"""A busy machine takes more than one minute where an idle one takes ten seconds."""

MODULES = {
    "transport-netty4": ("transport-netty4", "netty-"),
    "analysis-common": ("analysis-common",),
    "lang-painless": ("lang-painless", "opensearch-scripting-painless", "asm", "antlr4"),
    "reindex": ("reindex", "opensearch-rest-client", "opensearch-ssl-config", "http", "commons-"),
}
"""A module's own jars, by how their names begin; all others are the server's."""
EXTENDED = {"analysis-common": "extended.plugins=lang-painless;optional=true\n"}
POLICIES = {
    "transport-netty4": [
        'java.io.FilePermission "/proc/sys/net/core/somaxconn", "read"',
        'java.net.SocketPermission "*", "accept,connect"',
        'java.lang.RuntimePermission "*", "setContextClassLoader"',
        'java.lang.RuntimePermission "getClassLoader"',
        'java.util.PropertyPermission "sun.nio.ch.bugLevel", "write"',
    ],
    "lang-painless": [
        'java.lang.RuntimePermission "createClassLoader"',
        'java.lang.RuntimePermission "getClassLoader"',
    ],
    "reindex": ['java.net.SocketPermission "*", "connect"'],
}
"""What a module may do: a distribution has these files, Maven Central's jars do not."""
LOG = """\
appender.console.type = Console
appender.console.name = console
appender.console.layout.type = PatternLayout
appender.console.layout.pattern = [%d{ISO8601}][%-5p][%-25c{1.}] %m%n
rootLogger.level = info
rootLogger.appenderRef.console.ref = console
"""
BRIEF = {"-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"}
JAVA = (
    f"-Xms{HEAP} -Xmx{HEAP} -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -Xshare:auto -Djava.security.manager=allow"
    " -Dfile.encoding=UTF-8 -Djava.awt.headless=true -Dlog4j.shutdownHookEnabled=false -Dlog4j2.disable.jmx=true"
    " -Dio.netty.noUnsafe=true -Dio.netty.noKeySetOptimization=true -Dio.netty.allocator.numDirectArenas=0"
    " -Dio.netty.recycler.maxCapacityPerThread=0 -Dopensearch.distribution.type=tar -Dopensearch.bundled_jdk=false"
).split()


def lacking() -> str:
    """Why no server can be started here, "" where one can."""
    missing = [name for name in ("java", "mvn") if shutil.which(name) is None]
    if missing:
        return f"an OpenSearch server needs {' and '.join(missing)}, which this machine lacks"
    said = subprocess.run(["java", "-version"], capture_output=True, text=True, check=True).stderr
    release = int(said.split('"')[1].split(".")[0])
    return "" if 17 <= release < 24 else f"OpenSearch {VERSION} needs Java 17 to 23, and this machine has {release}"


def home() -> Path:
    """The folder of the server's files, in the user's cache; fetched when it is not there yet."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "baza-wiedzy"
    made = cache / f"opensearch-{VERSION}"
    if not made.is_dir():
        cache.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=cache) as folder:
            _lay_out(Path(folder, "home"))
            with suppress(OSError):  # another run was faster
                Path(folder, "home").rename(made)
    return made


def _lay_out(folder: Path) -> None:
    jars = folder / "jars"
    command = ["mvn", "-q", "-B", "-f", str(POM), "dependency:copy-dependencies", f"-DoutputDirectory={jars}"]
    subprocess.run([*command, "-DincludeScope=runtime"], check=True)
    for name in ("lib", "bin", "plugins", "extensions"):
        (folder / name).mkdir()
    owners = {prefix: name for name, prefixes in MODULES.items() for prefix in prefixes}
    for jar in sorted(jars.iterdir()):
        module = next((owner for prefix, owner in owners.items() if jar.name.startswith(prefix)), None)
        target = folder / "modules" / module if module else folder / "lib"
        target.mkdir(parents=True, exist_ok=True)
        jar.rename(target / jar.name)
    jars.rmdir()
    for name in MODULES:
        module_folder = folder / "modules" / name
        (module_folder / "plugin-descriptor.properties").write_text(
            f"name={name}\ndescription={name}\nversion={VERSION}\nopensearch.version={VERSION}\njava.version=11\n"
            f"classname={_plugin_class(next(module_folder.glob(f'{name}*.jar')))}\ncustom.foldername=\n"
            f"has.native.controller=false\n{EXTENDED.get(name, '')}"
        )
        if name in POLICIES:
            allowed = "".join(f"  permission {line};\n" for line in POLICIES[name])
            (module_folder / "plugin-security.policy").write_text(f"grant {{\n{allowed}}};\n")


def _plugin_class(jar: Path) -> str:
    with zipfile.ZipFile(jar) as file:
        found = next(name for name in file.namelist() if name.endswith("Plugin.class"))
    return found.removesuffix(".class").replace("/", ".")


def free_ports(count: int) -> list[int]:
    """Ports that nobody listens on."""
    with ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]


class Cluster:
    """Nodes of one cluster on loopback, each a process of its own; ``close`` ends them and removes what they wrote."""

    def __init__(self, nodes: int = 2, heap: str = HEAP, *, brief: bool = True) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="kb-opensearch-"))
        # For a brief life a node had better start fast than run fast.
        self._java = [flag.replace(HEAP, heap) for flag in JAVA if brief or flag not in BRIEF]
        self._home = home()
        if os.getuid() == 0:  # nobody may not look into root's cache
            self.folder.chmod(0o755)
            self._home = Path(shutil.copytree(self._home, self.folder / "home"))
        ports = free_ports(2 * nodes)
        self.ports, self._transports = ports[:nodes], ports[nodes:]
        self.processes: list[subprocess.Popen[bytes]] = []
        try:
            for node in range(nodes):
                self.processes.append(self._started(node))
            self.wait(nodes)
        except BaseException:
            self.close()
            raise

    @property
    def urls(self) -> list[str]:
        """Addresses of the nodes."""
        return [f"http://127.0.0.1:{port}" for port in self.ports]

    def _started(self, node: int) -> subprocess.Popen[bytes]:
        own = self.folder / f"n{node}"
        (own / "config").mkdir(parents=True, exist_ok=True)
        (own / "tmp").mkdir(exist_ok=True)
        settings: dict[str, object] = {
            "cluster.name": self.folder.name,
            "node.name": f"n{node}",
            "path.data": str(own / "data"),
            "path.logs": str(own / "logs"),
            "network.host": "127.0.0.1",
            "http.port": self.ports[node],
            "transport.port": self._transports[node],
            "discovery.seed_hosts": [f"127.0.0.1:{port}" for port in self._transports],
            "cluster.initial_cluster_manager_nodes": [f"n{number}" for number in range(len(self.ports))],
            # A test must not wait for the minute that a cluster gives to a node that may come back.
            "cluster.fault_detection.follower_check.retry_count": 1,
            "cluster.fault_detection.leader_check.retry_count": 1,
            "cluster.routing.allocation.disk.threshold_enabled": False,
            "action.auto_create_index": False,
            # Else a node without a manager takes rows that are lost when the manager is back.
            "cluster.no_cluster_manager_block": "write",
            "indices.query.bool.max_clause_count": 16_384,
        }
        (own / "config" / "opensearch.yml").write_text(json.dumps(settings, indent=0))
        (own / "config" / "log4j2.properties").write_text(LOG)
        (own / "config" / "jvm.options").write_text("")
        command = [
            "java",
            *self._java,
            f"-Djava.io.tmpdir={own / 'tmp'}",
            f"-Dopensearch.path.home={self._home}",
            f"-Dopensearch.path.conf={own / 'config'}",
            "-cp",
            f"{self._home}/lib/*",
            "org.opensearch.bootstrap.OpenSearch",
        ]
        user: dict[str, Any] = {}
        if os.getuid() == 0:
            user = {"user": NOBODY, "group": NOBODY, "extra_groups": []}
            for path in (own, *own.rglob("*")):
                os.chown(path, NOBODY, NOBODY)
        with (own / "out").open("ab") as out:
            return subprocess.Popen(command, stdout=out, stderr=out, stdin=subprocess.DEVNULL, cwd=own, **user)

    def ask(self, path: str, node: int = 0, method: str = "GET", body: object = None) -> dict[str, Any]:
        """What a node answers, as JSON."""
        request = urllib.request.Request(f"{self.urls[node]}{path}", method=method)
        request.add_header("Content-Type", "application/json")
        data = None if body is None else json.dumps(body).encode()
        with urllib.request.urlopen(request, data=data, timeout=30) as answer:
            found: dict[str, Any] = json.load(answer)
            return found

    def wait(self, nodes: int, node: int = 0, status: str = "") -> None:
        """Until a node sees so many, and the cluster has this status at least."""
        wanted = f"/_cluster/health?wait_for_nodes={nodes}&timeout=1s" + (status and f"&wait_for_status={status}")
        end = time.monotonic() + START_SECONDS
        while time.monotonic() < end:
            if self.processes[node].poll() is not None:
                break
            with suppress(OSError):
                if not self.ask(wanted, node)["timed_out"]:
                    return
            time.sleep(0.1)
        raise RuntimeError((self.folder / f"n{node}" / "out").read_text()[-3000:])

    def manager(self, node: int = 0) -> int:
        """The number of the node that manages the cluster."""
        found = self.ask("/_cluster/state/cluster_manager_node,nodes", node)
        return int(found["nodes"][found["cluster_manager_node"]]["name"].removeprefix("n"))

    def kill(self, node: int) -> None:
        """SIGKILL."""
        self.processes[node].kill()
        self.processes[node].wait()

    def restart(self, node: int) -> None:
        """Start a killed node again, and wait until the cluster is whole."""
        self.processes[node] = self._started(node)
        self.wait(len(self.ports), node, "green")

    def close(self) -> None:
        """End it all."""
        for process in self.processes:
            process.kill()
        for process in self.processes:
            process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)
