"""Amazon's Selling Partner API as one seller account sees it; knows no configuration, no state."""
