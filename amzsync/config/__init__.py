"""One channel's configuration: the models, and how a file becomes one of them."""

from amzsync.config.channel import FeatureFlags, SchemaField, ShippingCompany
from amzsync.config.failed_integration import FailedIntegration, PenaltySettings
from amzsync.config.load import load_config
from amzsync.config.marketplaces import HOSTS, MARKETPLACES, Marketplace, Region
from amzsync.config.settings import Config

__all__ = [
    "HOSTS",
    "MARKETPLACES",
    "Config",
    "FailedIntegration",
    "FeatureFlags",
    "Marketplace",
    "PenaltySettings",
    "Region",
    "SchemaField",
    "ShippingCompany",
    "load_config",
]
