// Package fetch makes content blocks of images and sound on the web.
//
// The addresses often come from a model, and thereby from whoever wrote what the model has read. So a fetch reaches public
// addresses only, unless [Config].AllowPrivate says otherwise (OWASP: server-side request forgery). The check is made on
// the address that is dialled, after the name was resolved: a name that resolves to something else the second time (DNS
// rebinding), or a redirect, is caught by the same check.
package fetch
