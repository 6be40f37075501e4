"""Models and model servers over REST."""

from uuid import UUID

from fastapi import APIRouter

from gantry.api.access import Administers, AsksOrReads
from gantry.api.refusals import BODY, CHANGE, NAMED, SIGNED_IN
from gantry.api.schemas import (
    AddedConnection,
    ConnectionIn,
    ConnectionList,
    ConnectionOut,
    ConnectionTest,
    ListingOut,
    ModelList,
)
from gantry.runtime import services

router = APIRouter(prefix="/api/v1", tags=["catalog"], responses=SIGNED_IN)


@router.get("/models", operation_id="list_models", summary="List models")
async def list_models(who: AsksOrReads) -> ModelList:
    """List every model that is known now; those whose server is away are marked."""
    catalog = services().catalog
    return ModelList.of(await catalog.models(who), await catalog.default_model(who))


@router.get("/connections", operation_id="list_connections", summary="List connections")
async def list_connections(who: Administers) -> ConnectionList:
    """Administrators: list the model servers and how they are."""
    statuses = await services().connections.connections(who)
    return ConnectionList(connections=[ConnectionOut.of(status) for status in statuses])


@router.post(
    "/connections",
    status_code=201,
    operation_id="add_connection",
    responses=BODY | CHANGE,
    summary="Add a connection",
)
async def add_connection(who: Administers, new: ConnectionIn) -> AddedConnection:
    """Administrators: add a model server; its key is encrypted and never told again."""
    return AddedConnection(id=await services().connections.add_connection(who, new.draft()))


@router.post(
    "/connections/test",
    operation_id="test_connection",
    responses=NAMED | BODY | CHANGE,
    summary="Try a connection",
)
async def test_connection(who: Administers, tried: ConnectionTest) -> ListingOut:
    """Administrators: ask a server for its models without keeping anything."""
    return ListingOut.of(
        await services().connections.test_connection(who, tried.draft(), tried.connection_id)
    )


@router.put(
    "/connections/{connection_id:uuid}",
    status_code=204,
    operation_id="change_connection",
    responses=NAMED | BODY | CHANGE,
    summary="Change a connection",
)
async def change_connection(who: Administers, connection_id: UUID, new: ConnectionIn) -> None:
    """Administrators: change a model server that was added here."""
    await services().connections.edit_connection(who, connection_id, new.draft())


@router.delete(
    "/connections/{connection_id:uuid}",
    status_code=204,
    operation_id="remove_connection",
    responses=NAMED | CHANGE,
    summary="Remove a connection",
)
async def remove_connection(who: Administers, connection_id: UUID) -> None:
    """Administrators: forget a model server and its models."""
    await services().connections.remove_connection(who, connection_id)
