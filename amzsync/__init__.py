"""Bridge between Amazon's Selling Partner API and Akinon Omnitron."""
