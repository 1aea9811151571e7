// Package web is what people and programs see: pages, the REST API under /api/v1, sign-in and billing.
package web
