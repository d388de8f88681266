"""Cancels the queries of this dbt process in the database."""

from __future__ import annotations

import os
import sys


def cancel_queries() -> None:
    """Cancels the queries of all open connections, with the adapter's own means.

    dbt does this itself when it is interrupted, but only in its main thread, which may be waiting for the
    database: hooks, for example, run there. Does nothing for an adapter that can't cancel.
    """
    if "dbt.adapters.factory" not in sys.modules:
        return  # no adapter was used
    from dbt.adapters.factory import FACTORY
    from dbt_common.context import set_invocation_context

    set_invocation_context(os.environ)
    for adapter in list(FACTORY.adapters.values()):
        try:
            if adapter.is_cancelable():
                with adapter.connection_named("cancel_queries"):
                    adapter.cancel_open_connections()
        except Exception as error:
            sys.stderr.write("Queries could not be cancelled: %s\n" % error)
