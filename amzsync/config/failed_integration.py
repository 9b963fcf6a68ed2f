"""The manual's Failed Integration settings: how long a failed record waits, and how often."""

from __future__ import annotations

from pydantic import ConfigDict, Field

from amzsync.config.types import Table


class PenaltySettings(Table):
    """How records of one content type are retried after a failure."""

    # The file spells these three as Omnitron does, in capitals.
    model_config = ConfigDict(alias_generator=str.upper, populate_by_name=True)

    retry_interval: int = Field(
        default=28800, ge=1, description="Seconds a record waits after each failure."
    )
    expiration_date: int = Field(
        default=57601,
        ge=0,
        description="Seconds after the first failure during which retries go on.",
    )
    max_retry_count: int = Field(
        default=2, ge=0, description="Number of retries after the first failure."
    )


class OrderPenaltySettings(PenaltySettings):
    """The same for orders, which the manual gives one retry more."""

    max_retry_count: int = Field(
        default=3, ge=0, description="Number of retries after the first failure."
    )


class SentToRemote(Table):
    """How long Amazon may take to answer a submission."""

    model_config = ConfigDict(alias_generator=str.upper, populate_by_name=True)

    expiration_hour: int = Field(
        default=6,
        ge=1,
        description="Hours Amazon has to answer a submission; then its records count as failed.",
    )


class FailedIntegration(Table):
    """The penalty settings of every content type."""

    order: OrderPenaltySettings | None = Field(
        default=None, description="Orders, cancellations and refunds."
    )
    default: PenaltySettings = Field(
        default_factory=PenaltySettings,
        alias="DEFAULT",
        description="Every content type that has no table of its own here.",
    )
    product: PenaltySettings | None = Field(default=None, description="Products.")
    productprice: PenaltySettings | None = Field(default=None, description="Prices.")
    productstock: PenaltySettings | None = Field(default=None, description="Stocks.")
    sent_to_remote: SentToRemote = Field(
        default_factory=SentToRemote, description="Submissions Amazon has not answered yet."
    )

    def settings_for(self, content_type: str) -> PenaltySettings:
        """The settings of a content type: its own, else DEFAULT."""
        own = {
            "order": self.order,
            "product": self.product,
            "productprice": self.productprice,
            "productstock": self.productstock,
        }
        return own.get(content_type) or self.default


def manual_defaults() -> FailedIntegration:
    """What the manual pre-fills; used when the file has no such table at all."""
    return FailedIntegration(
        order=OrderPenaltySettings(),
        product=PenaltySettings(),
        productprice=PenaltySettings(),
        productstock=PenaltySettings(),
    )
