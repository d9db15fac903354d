// An application with the unmodified sentry-go: `main DSN`. Prints what it reported as JSON.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/getsentry/sentry-go"
)

type orderFailed struct{ sku string }

func (failed orderFailed) Error() string { return "no price for " + failed.sku }

func placeOrder(sku string) error {
	return fmt.Errorf("placing an order: %w", orderFailed{sku})
}

func id(event *sentry.EventID) string {
	if event == nil {
		return ""
	}
	return string(*event)
}

func main() {
	err := sentry.Init(sentry.ClientOptions{
		Dsn:              os.Args[1],
		Release:          "clients-go@1.0.0",
		Environment:      "test",
		ServerName:       "client-3",
		TracesSampleRate: 1.0,
	})
	if err != nil {
		panic(err)
	}
	sentry.ConfigureScope(func(scope *sentry.Scope) {
		scope.SetUser(sentry.User{ID: "7", Email: "ann@mail.example"})
		scope.SetTag("plan", "gold")
	})
	reported := map[string]string{
		"exception": id(sentry.CaptureException(placeOrder("P-1"))),
		"plain":     id(sentry.CaptureException(errors.New("queue is gone"))),
		"message":   id(sentry.CaptureMessage("Queue is long")),
	}
	func() {
		defer func() { reported["panic"] = id(sentry.CurrentHub().Recover(recover())) }()
		var prices map[string]int
		prices["P-1"] = 1
	}()
	span := sentry.StartSpan(context.Background(), "task", sentry.TransactionName("place orders"))
	child := span.StartChild("db.sql.query")
	child.Description = "SELECT price FROM products"
	child.Finish()
	span.Finish()
	reported["trace_id"], reported["segment"], reported["child"] = span.TraceID.String(), span.SpanID.String(), child.SpanID.String()
	if !sentry.Flush(time.Minute) {
		panic("not everything was sent")
	}
	json.NewEncoder(os.Stdout).Encode(reported)
}
