package web

import (
	"fmt"
	"strings"

	"gas/pkg/port"
)

// decimals are the digits after the point of currencies that do not have two, as payment providers count their smallest unit.
var decimals = map[string]int{
	"bif": 0, "clp": 0, "djf": 0, "gnf": 0, "jpy": 0, "kmf": 0, "krw": 0, "mga": 0, "pyg": 0, "rwf": 0, "vnd": 0, "vuv": 0, "xaf": 0, "xof": 0, "xpf": 0,
	"bhd": 3, "jod": 3, "kwd": 3, "omr": 3, "tnd": 3,
}

// PriceText writes a price with its currency and period: "9.00 USD a month".
func PriceText(p port.Price) string {
	period := "a " + p.Interval
	if p.Count > 1 {
		period = fmt.Sprintf("every %d %ss", p.Count, p.Interval)
	}
	return moneyText(p.Amount, p.Currency) + " " + period
}

// moneyText writes an amount of the smallest unit of a currency.
func moneyText(amount int64, currency string) string {
	digits, odd := decimals[strings.ToLower(currency)]
	if !odd {
		digits = 2
	}
	unit := int64(1)
	for range digits {
		unit *= 10
	}
	text := fmt.Sprint(amount / unit)
	if digits > 0 {
		text += fmt.Sprintf(".%0*d", digits, amount%unit)
	}
	return text + " " + strings.ToUpper(currency)
}
