from tests.store.conftest import engine, place

__all__ = ["engine", "place"]
