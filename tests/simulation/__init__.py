"""What happens around amzsync: people, the ERP and carriers; and what must be true afterwards."""
