"""The part of Shopify's Admin GraphQL schema that the desk needs, by its documentation of 2026-10."""

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
type Customer { firstName: String lastName: String }
type MailingAddress {
  name: String address1: String address2: String city: String provinceCode: String zip: String
  countryCodeV2: String
}
type LineItem {
  id: ID!
  sku: String
  name: String!
  quantity: Int!
  originalUnitPriceSet: MoneyBag!
}
type LineItemConnection { nodes: [LineItem!]! pageInfo: PageInfo! }
type FulfillmentTrackingInfo { company: String number: String url: String }
type FulfillmentLineItem { id: ID! quantity: Int lineItem: LineItem! }
type FulfillmentLineItemConnection { nodes: [FulfillmentLineItem!]! }
type Fulfillment {
  id: ID!
  createdAt: DateTime!
  status: String!
  displayStatus: String
  trackingInfo(first: Int): [FulfillmentTrackingInfo!]!
  fulfillmentLineItems(first: Int): FulfillmentLineItemConnection!
}
type FulfillmentOrderLineItem { id: ID! remainingQuantity: Int! lineItem: LineItem! }
type FulfillmentOrderLineItemConnection { nodes: [FulfillmentOrderLineItem!]! }
type FulfillmentOrder {
  id: ID!
  status: String!
  lineItems(first: Int): FulfillmentOrderLineItemConnection!
}
type FulfillmentOrderConnection { nodes: [FulfillmentOrder!]! }
type Order {
  id: ID!
  name: String!
  createdAt: DateTime!
  updatedAt: DateTime!
  cancelledAt: DateTime
  currencyCode: CurrencyCode!
  displayFinancialStatus: String
  displayFulfillmentStatus: String!
  totalPriceSet: MoneyBag!
  totalOutstandingSet: MoneyBag!
  email: String
  customer: Customer
  shippingAddress: MailingAddress
  lineItems(first: Int): LineItemConnection!
  fulfillments(first: Int): [Fulfillment!]!
  fulfillmentOrders(first: Int): FulfillmentOrderConnection!
  presentmentCurrencyCode: CurrencyCode!
  refunds(first: Int): [Refund!]!
  transactions(first: Int): [OrderTransaction!]!
}
type OrderConnection { nodes: [Order!]! pageInfo: PageInfo! }
enum BalanceTransactionSortKeys { ID PAYOUT_DATE PROCESSED_AT }
enum ShopifyPaymentsSourceType { ADJUSTMENT CHARGE DISPUTE REFUND TRANSFER }
type ShopifyPaymentsAssociatedOrder { id: ID! name: String! }
type ShopifyPaymentsBalanceTransactionAssociatedPayout { id: ID status: String }
type ShopifyPaymentsBalanceTransaction {
  id: ID!
  type: String!
  test: Boolean!
  sourceType: ShopifyPaymentsSourceType
  transactionDate: DateTime!
  amount: MoneyV2!
  fee: MoneyV2!
  net: MoneyV2!
  associatedOrder: ShopifyPaymentsAssociatedOrder
  associatedPayout: ShopifyPaymentsBalanceTransactionAssociatedPayout!
}
type ShopifyPaymentsBalanceTransactionConnection {
  nodes: [ShopifyPaymentsBalanceTransaction!]!
  pageInfo: PageInfo!
}
type ShopifyPaymentsAccount {
  balanceTransactions(
    first: Int, after: String, reverse: Boolean, sortKey: BalanceTransactionSortKeys
    hideTransfers: Boolean
  ): ShopifyPaymentsBalanceTransactionConnection!
}
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
input FulfillmentOrderLineItemInput { id: ID! quantity: Int! }
input FulfillmentOrderLineItemsInput {
  fulfillmentOrderId: ID!
  fulfillmentOrderLineItems: [FulfillmentOrderLineItemInput!]
}
input FulfillmentTrackingInput { company: String number: String url: String }
input FulfillmentInput {
  lineItemsByFulfillmentOrder: [FulfillmentOrderLineItemsInput!]!
  notifyCustomer: Boolean
  trackingInfo: FulfillmentTrackingInput
}
type FulfillmentCreatePayload { fulfillment: Fulfillment userErrors: [UserError!]! }
type RefundCreatePayload { order: Order refund: Refund userErrors: [UserError!]! }

type Query {
  shop: Shop!
  currentAppInstallation: AppInstallation!
  order(id: ID!): Order
  orders(first: Int, after: String, query: String, sortKey: OrderSortKeys): OrderConnection!
  refund(id: ID!): Refund
  shopifyPaymentsAccount: ShopifyPaymentsAccount
}
type Mutation {
  refundCreate(input: RefundInput!): RefundCreatePayload
  fulfillmentCreate(fulfillment: FulfillmentInput!): FulfillmentCreatePayload
}
""")
