"""How a transfer fails: one code per cause, whatever words the SSH library used."""

from __future__ import annotations

import contextlib
import errno
from collections.abc import Callable, Iterator

import paramiko

from surveillance.errors import Exit, SurveillanceError

# Worth trying again a little later: the network, or a file that is still being written.
NET_CODES = frozenset({"unreachable", "timeout", "incomplete"})


class SftpError(SurveillanceError):
    """A transfer that did not succeed: `code` is a reception code, `detail` a short text for the night."""

    exit_code = Exit.DELIVERY

    def __init__(self, code: str, detail: str = "", hint: str = "") -> None:
        super().__init__(f"{code}: {detail}" if detail else code, hint)
        self.code, self.detail = code, detail


def classify(error: BaseException, expired: bool) -> SftpError:
    """The code of an exception; `expired` says that the watchdog had already shut the connection.

    The library's own words mislead (a stalled banner is "No existing session", a stalled authentication is an
    AuthenticationException), hence the order. Its text is never repeated: it can hold what the server sent.
    """
    if isinstance(error, SftpError):
        return error
    text = str(error).lower()
    silent = any(words in text for words in ("timeout", "timed out", "no existing session"))
    shut = "protocol banner" in text and isinstance(error.__context__, EOFError)
    if expired or isinstance(error, TimeoutError) or silent or ("protocol banner" in text and not shut):
        return SftpError("timeout", "délai dépassé")
    if isinstance(error, paramiko.ssh_exception.IncompatiblePeer):
        return SftpError("weak_crypto", "aucun algorithme admis en commun")
    if isinstance(error, paramiko.AuthenticationException):
        if "saw eof" in text:
            return SftpError("unreachable", "connexion fermée pendant l'authentification")
        return SftpError("auth", "clé refusée par le serveur")
    return _of_the_wire(error)


def _of_the_wire(error: BaseException) -> SftpError:
    if isinstance(error, paramiko.SFTPError):
        return SftpError("protocol", "réponse SFTP inattendue")
    text = str(error).lower()
    if isinstance(error, ConnectionError | EOFError) or "socket is closed" in text or "protocol banner" in text:
        return SftpError("unreachable", "connexion fermée par le serveur")
    if isinstance(error, OSError) and error.errno in (errno.ENOENT, errno.EACCES):
        denied = error.errno == errno.EACCES
        return SftpError("no_folder", "accès refusé" if denied else "chemin introuvable")
    if isinstance(error, OSError) and error.errno is not None:
        return SftpError("unreachable", f"réseau : {errno.errorcode.get(error.errno, 'erreur')}")
    return SftpError("protocol", f"échange refusé ({type(error).__name__})")


@contextlib.contextmanager
def named(expired: Callable[[], bool]) -> Iterator[None]:
    """Inside, whatever the library raises leaves as an SftpError."""
    try:
        yield
    except SftpError as error:
        if error.code == "incomplete" and expired():  # the library takes a connection shut in mid-file for its end
            raise SftpError("timeout", "délai dépassé") from error
        raise
    except SurveillanceError:
        raise
    except Exception as error:
        raise classify(error, expired()) from error
