"""The part of Shopify's Admin GraphQL schema that refunds need, by its documentation of 2026-10."""

from __future__ import annotations

from graphql import build_schema

SCHEMA = build_schema("""
directive @idempotent(key: String!) on FIELD

scalar DateTime
scalar Money
scalar Decimal
enum CurrencyCode { USD CAD EUR JPY }
enum OrderSortKeys { CREATED_AT UPDATED_AT }
enum OrderTransactionKind { AUTHORIZATION CAPTURE CHANGE REFUND SALE SUGGESTED_REFUND VOID }
enum OrderTransactionStatus { AWAITING_RESPONSE ERROR FAILURE PENDING SUCCESS UNKNOWN }
enum OrderTransactionErrorCode { CARD_DECLINED EXPIRED_CARD GENERIC_ERROR PROCESSING_ERROR }
enum RefundLineItemRestockType { CANCEL NO_RESTOCK RETURN }

type MoneyV2 { amount: Decimal! currencyCode: CurrencyCode! }
type MoneyBag { presentmentMoney: MoneyV2! shopMoney: MoneyV2! }
type UserError { field: [String!] message: String! }
type PageInfo { endCursor: String hasNextPage: Boolean! }

type OrderTransaction {
  id: ID!
  kind: OrderTransactionKind!
  status: OrderTransactionStatus!
  errorCode: OrderTransactionErrorCode
  gateway: String
  manualPaymentGateway: Boolean!
  amountSet: MoneyBag!
  parentTransaction: OrderTransaction
}
type OrderTransactionConnection { nodes: [OrderTransaction!]! pageInfo: PageInfo! }
type Refund {
  id: ID!
  note: String
  createdAt: DateTime
  order: Order!
  transactions(first: Int, after: String): OrderTransactionConnection!
}
type Order {
  id: ID!
  presentmentCurrencyCode: CurrencyCode!
  refunds(first: Int): [Refund!]!
  transactions(first: Int): [OrderTransaction!]!
}
type OrderConnection { nodes: [Order!]! pageInfo: PageInfo! }
type Shop { name: String! myshopifyDomain: String! }
type AccessScope { handle: String! }
type AppInstallation { accessScopes: [AccessScope!]! }

input OrderTransactionInput {
  orderId: ID!
  parentId: ID
  gateway: String!
  kind: OrderTransactionKind!
  amount: Money!
}
input RefundLineItemInput {
  lineItemId: ID!
  quantity: Int!
  restockType: RefundLineItemRestockType
}
input ShippingRefundInput { amount: Money fullRefund: Boolean }
input RefundInput {
  orderId: ID!
  currency: CurrencyCode
  note: String
  notify: Boolean
  refundLineItems: [RefundLineItemInput!]
  shipping: ShippingRefundInput
  transactions: [OrderTransactionInput!]
}
type RefundCreatePayload { order: Order refund: Refund userErrors: [UserError!]! }

type Query {
  shop: Shop!
  currentAppInstallation: AppInstallation!
  order(id: ID!): Order
  orders(first: Int, after: String, query: String, sortKey: OrderSortKeys): OrderConnection!
  refund(id: ID!): Refund
}
type Mutation { refundCreate(input: RefundInput!): RefundCreatePayload }
""")
