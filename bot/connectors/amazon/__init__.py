"""Amazon: refunds of seller-fulfilled orders by feed, confirmed in its Finances."""
