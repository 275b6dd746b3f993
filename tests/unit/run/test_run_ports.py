import socket

import pytest

from bot.run.errors import RunError
from bot.run.ports import Listener, check_ports
from tests.servers import free_port


def test_free_ports_pass():
    check_ports([Listener("gateway", "127.0.0.1", free_port(), "PORT"), Listener("twin", "0.0.0.0", free_port(), "X")])


def test_a_taken_port_is_named_with_the_variable_that_changes_it():
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(RunError) as caught:
            check_ports([Listener("twin", "127.0.0.1", port, "TWIN_PORT")])
    assert str(port) in str(caught.value)
    assert "TWIN_PORT" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_port_that_somebody_holds_on_every_address_is_taken_on_one():
    with socket.create_server(("0.0.0.0", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(RunError, match="is taken"):
            check_ports([Listener("gateway", "127.0.0.1", port, "PORT")])


def test_a_port_whose_connections_only_linger_is_free():
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        client = socket.create_connection(("127.0.0.1", port))
        accepted, _ = server.accept()
        accepted.close()  # the side that closes first keeps the port in TIME_WAIT
        client.recv(1)
        client.close()
    check_ports([Listener("gateway", "127.0.0.1", port, "PORT")])


def test_one_port_wanted_twice_names_both_variables():
    port = free_port()
    with pytest.raises(RunError, match=r"PORT.*TWIN_PORT"):
        check_ports([Listener("gateway", "127.0.0.1", port, "PORT"), Listener("twin", "127.0.0.1", port, "TWIN_PORT")])


@pytest.mark.parametrize("host", ["192.0.2.1", "999.1.1.1"])
def test_an_address_that_is_not_this_machines_is_named(host, monkeypatch):
    def lookup(name, port, **_):
        if name == "999.1.1.1":
            raise socket.gaierror
        return [(socket.AF_INET, socket.SOCK_STREAM, 0, "", (name, port))]

    monkeypatch.setattr(socket, "getaddrinfo", lookup)
    with pytest.raises(RunError, match=f"HOST.*{host}"):
        check_ports([Listener("gateway", host, free_port(), "PORT")])
