// A channel's studio: shows, products, orders, members and their forms.
import "./elements/csv-import.js";
import "./elements/import-progress.js";
import "./elements/local-moment.js";
import "./elements/local-time.js";
import "./elements/packing-list.js";
import "./elements/parcel-rows.js";
import "./elements/picture-field.js";
import "./elements/product-form.js";
import "./elements/stock-field.js";
import "./lib/confirm.js";
