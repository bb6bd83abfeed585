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

#: Lines of one order; Shopify's own checkout takes no more than 500.
MOST_LINES = 400

#: What changed, the longest ago first: an order itself may cost nearly a whole query.
CHANGED_ORDERS = """
query ChangedOrders($query: String!, $after: String) {
  orders(first: 50, after: $after, query: $query, sortKey: UPDATED_AT) {
    nodes { id updatedAt }
    pageInfo { hasNextPage endCursor }
  }
}
"""

WHOLE_ORDER = f"""
query WholeOrder($id: ID!) {{
  order(id: $id) {{
    id
    name
    createdAt
    updatedAt
    cancelledAt
    currencyCode
    displayFinancialStatus
    displayFulfillmentStatus
    totalPriceSet {{ shopMoney {{ amount }} }}
    totalOutstandingSet {{ shopMoney {{ amount }} }}
    email
    customer {{ firstName lastName }}
    shippingAddress {{ name address1 address2 city provinceCode zip countryCodeV2 }}
    lineItems(first: {MOST_LINES}) {{
      nodes {{ id sku name quantity originalUnitPriceSet {{ shopMoney {{ amount }} }} }}
    }}
    fulfillments(first: 10) {{
      createdAt
      status
      displayStatus
      trackingInfo(first: 10) {{ company number }}
      fulfillmentLineItems(first: 50) {{ nodes {{ quantity lineItem {{ id }} }} }}
    }}
    refunds(first: {FEWER_REFUNDS}) {{ id }}
  }}
}}
"""

TO_FULFILL = """
query ToFulfill($id: ID!) {
  order(id: $id) {
    fulfillments(first: 50) { status trackingInfo(first: 10) { number } }
    fulfillmentOrders(first: 10) {
      nodes {
        id
        status
        lineItems(first: 50) { nodes { id remainingQuantity lineItem { id sku } } }
      }
    }
  }
}
"""

FULFILL = """
mutation Fulfill($fulfillment: FulfillmentInput!) {
  fulfillmentCreate(fulfillment: $fulfillment) {
    fulfillment { id }
    userErrors { field message }
  }
}
"""

#: What moved the balance, the latest first, without the payouts themselves.
BALANCE = """
query Balance($after: String) {
  shopifyPaymentsAccount {
    balanceTransactions(
      first: 100, after: $after, reverse: true, sortKey: PROCESSED_AT, hideTransfers: true
    ) {
      nodes {
        id
        type
        test
        sourceType
        transactionDate
        amount { amount currencyCode }
        fee { amount currencyCode }
        associatedOrder { id }
        associatedPayout { id }
      }
      pageInfo { hasNextPage endCursor }
    }
  }
}
"""
