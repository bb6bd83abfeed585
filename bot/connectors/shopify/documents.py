"""What Shopify's Admin GraphQL API is asked.

https://shopify.dev/docs/api/admin-graphql. A query may cost 1,000 points, about one for each
object that it could return: the limits of the lists follow from that
(https://shopify.dev/docs/api/usage/limits).
"""

from __future__ import annotations

#: `refundCreate` takes its idempotency key by a directive, and needs one, since 2026-04.
API_VERSION = "2026-10"

#: How many refunds of one order are listed; Shopify has no pages of them.
MOST_REFUNDS = 100
#: The same where each lists its transactions, or several orders are asked for.
FEWER_REFUNDS = 40

SHOP = """
query Shop {
  shop { name myshopifyDomain }
  currentAppInstallation { accessScopes { handle } }
}
"""

ORDER = f"""
query Order($id: ID!) {{
  order(id: $id) {{
    id
    presentmentCurrencyCode
    refunds(first: {MOST_REFUNDS}) {{ id note }}
    transactions(first: 100) {{
      id kind status gateway manualPaymentGateway
      amountSet {{ presentmentMoney {{ amount currencyCode }} }}
      parentTransaction {{ id }}
    }}
  }}
}}
"""

_REFUND = """
fragment Facts on Refund {
  id
  note
  order { id }
  transactions(first: 20) {
    nodes {
      id kind status errorCode
      amountSet { shopMoney { amount currencyCode } }
    }
  }
}
"""

REFUND = f"""
query Refund($id: ID!) {{
  refund(id: $id) {{ ...Facts }}
}}
{_REFUND}"""

PAY = f"""
mutation Pay($input: RefundInput!, $key: String!) {{
  refundCreate(input: $input) @idempotent(key: $key) {{
    refund {{ ...Facts }}
    userErrors {{ field message }}
  }}
}}
{_REFUND}"""

TRANSACTIONS = f"""
query Transactions($id: ID!) {{
  order(id: $id) {{
    refunds(first: {FEWER_REFUNDS}) {{
      id
      transactions(first: 20) {{ nodes {{ id }} }}
    }}
  }}
}}
"""

ORDERS_SINCE = f"""
query OrdersSince($query: String!, $after: String) {{
  orders(first: 20, after: $after, query: $query, sortKey: UPDATED_AT) {{
    nodes {{ refunds(first: {FEWER_REFUNDS}) {{ id createdAt }} }}
    pageInfo {{ hasNextPage endCursor }}
  }}
}}
"""
